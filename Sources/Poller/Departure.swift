import Wire

/// What a port does by itself with frames that it sends.
package struct PortAbilities: BitwiseCopyable, Equatable, Sendable {
  package var completesTCP: Bool
  package var completesUDP: Bool
  package var segmentsTCP: Bool
  /// Most bytes behind the Ethernet header, a tag not counted.
  package var mtu: Int

  package init(completesTCP: Bool, completesUDP: Bool, segmentsTCP: Bool, mtu: Int) {
    self.completesTCP = completesTCP
    self.completesUDP = completesUDP
    self.segmentsTCP = segmentsTCP
    self.mtu = mtu
  }
}

/// What has to be done with a frame of the guest before the port can send it.
package enum Departure: Equatable, Sendable {
  case asItIs
  /// The port completes the checksum and, if segments are asked for, cuts the frame.
  case leaveToPort(FrameHeaders)
  case completeChecksum(FrameHeaders)
  case segment(FrameHeaders)
  /// Shorter than an Ethernet header, or longer than the port can send.
  case dropLength
  /// What the guest asks for cannot be done with such a frame.
  case dropRequest

  /// `isPartial`: the checksum field holds the pseudo-header's sum only. `segmentByteCount`: payload
  /// bytes of the segments the guest asks for, 0 if it does not.
  package init(
    of frame: RawSpan, isPartial: Bool, segmentByteCount: Int, port: PortAbilities
  ) {
    guard frame.byteCount >= EthernetHeader.byteCount else {
      self = .dropLength
      return
    }
    if segmentByteCount != 0 {
      self.init(segmenting: frame, segmentByteCount, port)
    } else if frame.byteCount > Self.longest(port) {
      self = .dropLength
    } else if isPartial {
      self.init(completing: frame, port)
    } else {
      self = .asItIs
    }
  }

  private init(segmenting frame: RawSpan, _ segmentByteCount: Int, _ port: PortAbilities) {
    guard let headers = FrameHeaders(of: frame),
      let segmentation = Segmentation(headers, segmentByteCount: segmentByteCount)
    else {
      self = .dropRequest
      return
    }
    guard segmentation.frameByteCount(of: 0) <= Self.longest(port) else {
      self = .dropLength
      return
    }
    self = port.segmentsTCP ? .leaveToPort(headers) : .segment(headers)
  }

  private init(completing frame: RawSpan, _ port: PortAbilities) {
    guard let headers = FrameHeaders(of: frame) else {
      self = .dropRequest
      return
    }
    let completes = headers.isTCP ? port.completesTCP : port.completesUDP
    self = completes ? .leaveToPort(headers) : .completeChecksum(headers)
  }

  /// Ethernet header, a tag and the MTU.
  private static func longest(_ port: PortAbilities) -> Int {
    EthernetHeader.byteCount &+ 4 &+ port.mtu
  }
}
