import Testing

@testable import HTTP

@Suite struct PathTests {
  static func normal(_ path: String) throws(Status) -> String {
    let bytes = Array(path.utf8)
    return String(decoding: try bytes.rawSpan.normalPath(0..<bytes.count), as: UTF8.self)
  }

  static func isNormal(_ path: String) -> Bool {
    let bytes = Array(path.utf8)
    return bytes.rawSpan.isNormalPath(0..<bytes.count)
  }

  @Test(arguments: [
    ("/", "/"), ("/a", "/a"), ("/a/", "/a/"), ("/.", "/"), ("/./", "/"), ("/./a", "/a"),
    ("/a/.", "/a/"), ("/a/..", "/"), ("/a/../", "/"), ("/a/../b", "/b"), ("/a/b/../../c", "/c"),
    ("/a/./b/.././c", "/a/c"), ("/...", "/..."), ("/.a", "/.a"), ("/..a", "/..a"), ("/a..", "/a.."),
    ("/a/...", "/a/..."), ("//", "//"), ("//..", "/"), ("/a//../b", "/a/b"), ("/%61", "/a"),
    ("/%2e", "/"), ("/a/%2E%2e/b", "/b"), ("/a/.%2e", "/"), ("/%C3%BC", "/\u{FC}"),
    ("/%25", "/%"), ("/%2561", "/%61"), ("/a%20b", "/a b"), ("/%5c..%5C", "/\\..\\"),
  ])
  func pathsAreDecodedOnceAndDotsRemoved(path: String, normal: String) throws {
    #expect(try Self.normal(path) == normal)
  }

  @Test(arguments: [
    "/..", "/../", "/../a", "/a/../..", "/a/../../b", "/%2e%2e/a", "/.%2E", "/./..", "/a/%2e%2e/..",
    "/%", "/%1", "/%g0", "/%0g", "/%00", "/a%", "/%-1", "/% 1",
  ])
  func whatLeadsAboveTheRootOrCannotBeDecodedIsRefused(path: String) {
    #expect(throws: Status.badRequest) { try Self.normal(path) }
  }

  @Test func anEncodedSlashIsPartOfNoName() {
    #expect(throws: Status.notFound) { try Self.normal("/docs%2Findex.html") }
    #expect(throws: Status.notFound) { try Self.normal("/..%2f..%2fetc/passwd") }
  }

  @Test func pathsThatAreNormalAlreadyAreRecognised() {
    for path in ["/", "/a", "/a.b/c.d", "/a..", "//", ""] {
      #expect(Self.isNormal(path))
    }
    for path in ["/.", "/..", "/.a", "/a/.", "/%61", "/%"] {
      #expect(!Self.isNormal(path))
    }
  }

  @Test(arguments: [
    ("/%61.txt", "200"), ("/x/../a.txt", "200"), ("/a%20b/%c3%bc.svg", "200"), ("/docs/.", "200"),
    ("/docs/../docs", "301"), ("/../a.txt", "400"), ("/%2e%2e/a.txt", "400"),
    ("/A.TXT", "404"), ("/a.txt/", "404"), ("/a.tx", "404"), ("/a.txtt", "404"), ("//a.txt", "404"),
    ("/a%20b/", "404"), ("http://h/../a.txt", "400"),
  ])
  func requestsFindTheNormalPath(path: String, outcome: String) {
    #expect(Bench.outcome(of: Bench.get(path)) == outcome)
  }
}
