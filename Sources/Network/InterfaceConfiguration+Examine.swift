import Wire

// Link and network layer of a received frame, in one pass over one span: nothing here changes
// state.

extension InterfaceConfiguration {
  /// Examines the frame that begins at `offset` of `bytes` and ends where they end.
  /// `hardware` is the device's address.
  @inline(__always)
  func examine(
    _ bytes: RawSpan, at offset: Int, hardware: MACAddress, isChecksumVerified: Bool
  ) -> Arrival {
    do {
      let link = try EthernetHeader(parsing: bytes, at: offset)
      let isBroadcast = link.destination == .broadcast
      guard isBroadcast || link.destination == hardware else { return .dropped(.linkDestination) }
      guard !link.source.isGroup, link.source != hardware else { return .dropped(.linkSource) }
      let start = offset &+ EthernetHeader.byteCount
      if link.type == .ipv4 {
        return examinePacket(
          bytes, at: start, linkSource: link.source, isLinkBroadcast: isBroadcast,
          isChecksumVerified: isChecksumVerified)
      }
      if link.type == .arp { return examineNeighbour(bytes, at: start) }
      return .dropped(link.type == .vlan ? .linkTagged : .linkType)
    } catch {
      return .dropped(.linkTruncated)
    }
  }

  @inline(__always)
  private func examinePacket(
    _ bytes: RawSpan, at offset: Int, linkSource: MACAddress, isLinkBroadcast: Bool,
    isChecksumVerified: Bool
  ) -> Arrival {
    do {
      let header = try IPv4Header(parsing: bytes, at: offset)
      if header.hasOptions {
        switch header.optionsVerdict {
        case .ignorable: break
        case .sourceRoute: return .dropped(.ipv4SourceRoute)
        case .malformed: return .dropped(.ipv4Options)
        }
      }
      guard isPlausibleSource(header.source) else { return .dropped(.ipv4Source) }
      let isForUs = header.destination == address && hasAddress
      guard isForUs || isBroadcast(header.destination) else { return .dropped(.ipv4Destination) }
      // A time to live of zero is no reason to drop (RFC 1122, section 3.2.1.7).
      var packet = ReceivedPacket(header, at: offset, linkSource: linkSource)
      packet.isBroadcast = !isForUs || isLinkBroadcast
      packet.isChecksumVerified = isChecksumVerified
      return .packet(packet)
    } catch {
      switch error {
      case .truncated: return .dropped(.ipv4Truncated)
      case .malformed: return .dropped(.ipv4Malformed)
      case .checksum: return .dropped(.ipv4Checksum)
      case .unsupported: return .dropped(.ipv4Version)
      }
    }
  }

  private func examineNeighbour(_ bytes: RawSpan, at offset: Int) -> Arrival {
    do {
      return .neighbour(try ARPPacket(parsing: bytes, at: offset).fields)
    } catch {
      switch error {
      case .truncated: return .dropped(.arpTruncated)
      case .malformed, .checksum: return .dropped(.arpMalformed)
      case .unsupported: return .dropped(.arpUnsupported)
      }
    }
  }
}
