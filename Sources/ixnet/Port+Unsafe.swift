import CDPDK
import Poller
import Wire

/// A started port of DPDK's.
@safe
struct Port {
  let driver: String
  let address: MACAddress
  let queueCount: Int
  /// It spreads flows over its queues itself.
  let hashes: Bool
  let abilities: PortAbilities
  private let port: ix_port

  /// Starts the one port there is, with a queue pair for each of the guest's where it can hash.
  init(_ device: String, queueCount wanted: Int) throws(PollerError) {
    var port = ix_port()
    // SAFETY: `port` is a local that the call fills in.
    try PollerError.check(device, unsafe ix_port_find(&port))
    let limit = Int(min(port.receive_queue_limit, port.transmit_queue_limit))
    hashes = port.hashes
    let count = port.hashes && wanted > 1 ? min(wanted, max(limit, 1)) : 1
    queueCount = count
    let key = ToeplitzHash.usual.keyBytes
    // SAFETY: the call copies the key's bytes before it returns.
    let result = unsafe key.span.withUnsafeBufferPointer { bytes in
      unsafe ix_port_start(&port, UInt16(count), bytes.baseAddress, UInt32(bytes.count))
    }
    try PollerError.check(device, result)
    driver = Self.text(of: port)
    let (a, b, c, d, e, f) = port.address
    address = MACAddress([a, b, c, d, e, f].reduce(0) { $0 << 8 | UInt64($1) })
    abilities = PortAbilities(
      completesTCP: port.completes_tcp, completesUDP: port.completes_udp,
      segmentsTCP: port.segments_tcp, mtu: Int(port.mtu))
    self.port = port
  }

  /// The driver's name, which ends with a zero.
  private static func text(of port: ix_port) -> String {
    // SAFETY: the array is part of a local, and its last byte is zero.
    unsafe withUnsafeBytes(of: port.driver) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  func receive(_ queue: Int, into batch: inout FrameBatch, limit: Int) {
    unsafe withPort { port in
      unsafe batch.fill(limit: limit) { unsafe ix_port_receive(port, UInt16(queue), $0, $1) }
    }
  }

  /// Returns how many the port has taken.
  func transmit(_ queue: Int, _ batch: inout FrameBatch) -> Int {
    unsafe withPort { port in
      unsafe batch.empty { unsafe ix_port_transmit(port, UInt16(queue), $0, $1) }
    }
  }

  func stop() { unsafe withPort { unsafe ix_port_stop($0) } }

  private func withPort<Result>(_ body: (UnsafePointer<ix_port>) -> Result) -> Result {
    // SAFETY: the calls only read what they are given.
    unsafe withUnsafePointer(to: port, body)
  }
}
