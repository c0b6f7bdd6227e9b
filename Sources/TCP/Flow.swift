import Packets
import Wire

/// The 4-tuple that identifies a connection (RFC 9293, section 3.3.1), seen from here.
///
/// It is kept as it lies in the headers that are sent, so that comparing two, or writing one, takes
/// two words and turns no byte.
package struct Flow: Hashable, BitwiseCopyable, Sendable {
  /// Local and remote address, the local one in the low half, each in network byte order.
  package private(set) var addresses: UInt64
  /// Local and remote port, likewise.
  package private(set) var ports: UInt32

  @inline(__always)
  package init(
    localAddress: IPv4Address, remoteAddress: IPv4Address, localPort: UInt16, remotePort: UInt16
  ) {
    addresses =
      UInt64(localAddress.rawValue.bigEndian) | UInt64(remoteAddress.rawValue.bigEndian) &<< 32
    ports = UInt32(localPort.bigEndian) | UInt32(remotePort.bigEndian) &<< 16
  }

  /// The flow of a received frame: what is the source there is remote here.
  @inline(__always)
  package init(receiver frame: UsualFrame) {
    addresses = frame.addresses &<< 32 | frame.addresses &>> 32
    ports = frame.ports &<< 16 | frame.ports &>> 16
  }

  package var localAddress: IPv4Address {
    @inline(__always) get {
      IPv4Address(UInt32(bigEndian: UInt32(truncatingIfNeeded: addresses)))
    }
    @inline(__always) set { self = with(localAddress: newValue) }
  }

  package var remoteAddress: IPv4Address {
    @inline(__always) get {
      IPv4Address(UInt32(bigEndian: UInt32(truncatingIfNeeded: addresses &>> 32)))
    }
    @inline(__always) set { self = with(remoteAddress: newValue) }
  }

  package var localPort: UInt16 {
    @inline(__always) get { UInt16(bigEndian: UInt16(truncatingIfNeeded: ports)) }
    @inline(__always) set { self = with(localPort: newValue) }
  }

  package var remotePort: UInt16 {
    @inline(__always) get { UInt16(bigEndian: UInt16(truncatingIfNeeded: ports &>> 16)) }
    @inline(__always) set { self = with(remotePort: newValue) }
  }

  private func with(
    localAddress: IPv4Address? = nil, remoteAddress: IPv4Address? = nil, localPort: UInt16? = nil,
    remotePort: UInt16? = nil
  ) -> Flow {
    Flow(
      localAddress: localAddress ?? self.localAddress,
      remoteAddress: remoteAddress ?? self.remoteAddress, localPort: localPort ?? self.localPort,
      remotePort: remotePort ?? self.remotePort)
  }
}

extension FlowSteering {
  /// The hash of packets of `flow` as they arrive.
  func hash(of flow: Flow) -> UInt32 {
    hash(
      remote: flow.remoteAddress, local: flow.localAddress, remotePort: flow.remotePort,
      localPort: flow.localPort)
  }
}
