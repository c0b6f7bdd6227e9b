/// What a request is answered with. Deciding is one thing, sending another.
enum Reply: Equatable {
  /// The reply the archive has composed.
  case stored(SiteEntry)
  /// These bytes of the content, counted from its beginning.
  case part(SiteEntry, Range<Int>)
  case notModified(SiteEntry)
  case unsatisfiable(SiteEntry)
  case metrics
  case failure(Status)

  var status: Status {
    switch self {
    case .stored(let entry): entry.isRedirection ? .movedPermanently : .ok
    case .part: .partialContent
    case .notModified: .notModified
    case .unsatisfiable: .rangeNotSatisfiable
    case .metrics: .ok
    case .failure(let status): status
    }
  }

  init(to request: Request, head: RawSpan, site: borrowing SiteArchive) {
    switch request.method {
    case .notAllowed: self = .failure(.methodNotAllowed)
    case .unknown: self = .failure(.notImplemented)
    case .get, .head:
      do throws(Status) {
        self = try Self.resource(of: request, head: head, site: site)
      } catch {
        self = .failure(error)
      }
    }
  }

  private static func resource(
    of request: Request, head: RawSpan, site: borrowing SiteArchive
  ) throws(Status) -> Self {
    if head.isNormalPath(request.path), !request.path.isEmpty {
      return try resource(at: request.path, of: head, request, head: head, site: site)
    }
    let path = request.path.isEmpty ? [UInt8(ascii: "/")] : try head.normalPath(request.path)
    return try resource(
      at: 0..<path.count, of: path.rawSpan, request, head: head, site: site)
  }

  private static func resource(
    at path: Range<Int>, of text: RawSpan, _ request: Request, head: RawSpan,
    site: borrowing SiteArchive
  ) throws(Status) -> Self {
    if let entry = site.entry(at: path, of: text) {
      return entry.isRedirection ? .stored(entry) : try condition(on: entry, request, head)
    }
    guard text.equals(Server.metricsPath, in: path) else { throw .notFound }
    return .metrics
  }

  /// Evaluates preconditions in the order of RFC 9110, section 13.2.2. Entries have no modification
  /// date, so conditions on one are ignored (sections 13.1.3 and 13.1.4).
  private static func condition(
    on entry: SiteEntry, _ request: Request, _ head: RawSpan
  ) throws(Status) -> Self {
    if request.hasIfMatch {
      guard request.lists(entry.tag, in: .ifMatch, of: head) else { throw .preconditionFailed }
    }
    if request.hasIfNoneMatch, request.lists(entry.tag, in: .ifNoneMatch, of: head) {
      return .notModified(entry)
    }
    // Section 14.2: a Range field of any method but GET is ignored.
    guard let range = request.range, request.method == .get else { return .stored(entry) }
    // Section 13.1.5: anything but this very tag asks for everything.
    if let validator = request.ifRange, !entry.tag.equals(validator, in: head) {
      return .stored(entry)
    }
    switch ByteRange(range, in: head, of: entry.content.count) {
    case .whole: return .stored(entry)
    case .part(let part): return .part(entry, part)
    case .unsatisfiable: return .unsatisfiable(entry)
    }
  }
}

extension Request {
  /// Whether any line of the field names `tag`.
  fileprivate func lists(_ tag: EntityTag, in name: FieldName, of head: RawSpan) -> Bool {
    var lines = FieldLines(from: fieldsOffset)
    while let field = try? lines.next(in: head) {
      if field.name == name, tag.isListed(in: field.value, of: head, weakly: name == .ifNoneMatch) {
        return true
      }
    }
    return false
  }
}
