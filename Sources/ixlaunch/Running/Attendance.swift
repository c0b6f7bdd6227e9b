import CLinux
import ControlPlane
import Foundation
import Logging

/// What a launcher does beside the machine it runs, on a thread of its own: it answers on the
/// dataplane's socket, and notices within a second when the guest does not go on.
final class Attendance: @unchecked Sendable {
  /// A core shows something at least ten times a second.
  private static let silenceLimit: TimeInterval = 0.75
  private static let turnMilliseconds: Int32 = 50
  private static let lastLineCount = 5

  private let folder: RunFolder
  private let directory: RunDirectory
  private let log: Logger
  private let console: FileHandle?
  private var hasLostConsole = false
  private let lock = NSLock()
  private var record: DataplaneRecord?
  private var isEnded = false
  private let finished = DispatchSemaphore(value: 0)

  init(_ folder: RunFolder, in directory: RunDirectory, log: Logger) {
    self.folder = folder
    self.directory = directory
    self.log = log
    if folder.wasStale { log.info("an earlier run of this name had crashed: cleared away") }
    _ = FileManager.default.createFile(
      atPath: folder.consolePath, contents: nil, attributes: [.posixPermissions: 0o600])
    console = FileHandle(forWritingAtPath: folder.consolePath)
  }

  /// The guest's monitor runs: from now on the dataplane can be found. Called once more when the
  /// first monitor did not start.
  func begin(_ record: DataplaneRecord) {
    let isFirst = lock.withLock {
      defer { self.record = record }
      return self.record == nil
    }
    write(record)
    if isFirst { Thread.detachNewThread { [self] in attend() } }
  }

  /// Keeps a line of the console. To be called by one thread only.
  func keep(_ line: String) {
    let output = console.map { Output(descriptor: $0.fileDescriptor) }
    let reason = output == nil ? "it cannot be made" : output?.write(line: line)
    guard let reason, !hasLostConsole else { return }
    hasLostConsole = true
    log.warning("\(folder.consolePath): \(reason); lines of the console are lost there")
  }

  private func write(_ record: DataplaneRecord) {
    guard let reason = folder.write(record) else { return }
    log.warning("\(folder.path): \(reason); other commands may not find \(folder.name)")
  }

  /// The guest has ended. What there is to know stays if `isKept`, until the next run of the name.
  func end(exitStatus: Int32, isKept: Bool) {
    guard var record = lock.withLock({ record }) else { return folder.remove() }
    lock.withLock { isEnded = true }
    finished.wait()
    guard isKept else { return folder.remove() }
    record.exitStatus = exitStatus
    write(record)
    try? FileManager.default.removeItem(atPath: folder.socketPath)
  }

  private func attend() {
    defer { finished.signal() }
    let interface = DataplaneInterface(folder.name, in: directory)
    var service: HTTPService?
    do {
      service = try HTTPService(socketPath: folder.socketPath, respond: interface.respond)
    } catch {
      log.warning("no socket for this dataplane: \(error)")
    }
    var watch = SilenceWatch(limit: Self.silenceLimit)
    var page: ControlPage?
    var isSettled = false
    while !lock.withLock({ isEnded }) {
      if let service {
        service.turn(milliseconds: Self.turnMilliseconds)
      } else {
        usleep(UInt32(Self.turnMilliseconds) * 1000)
      }
      if page == nil { page = findPage() }
      guard let page else { continue }
      let beats = (0..<page.coreCount).map { page.heartbeat($0) }
      report(watch.look(beats, now: ProcessInfo.processInfo.systemUptime))
      if !isSettled, beats.allSatisfy({ $0 > 0 }) {
        // The guest runs: what started it is not needed again.
        ix_forget_code()
        isSettled = true
      }
    }
  }

  private func findPage() -> ControlPage? {
    guard var record = lock.withLock({ record }),
      let path = guestMemoryPath(of: record.monitor.identifier),
      let memory = GuestMemory(path: path), let page = try? ControlPage(memory)
    else { return nil }
    record.memoryPath = path
    lock.withLock { self.record = record }
    write(record)
    return page
  }

  private func report(_ finding: SilenceWatch.Finding) {
    let name = folder.name
    switch finding {
    case .nothing: break
    case .silent(let core):
      log.warning("\(name) does not answer: core \(core) stands still")
      for line in Console.lines(in: folder.path, last: Self.lastLineCount) {
        log.warning("\(name) said: \(line)")
      }
    case .answersAgain: log.info("\(name) answers again")
    }
  }
}
