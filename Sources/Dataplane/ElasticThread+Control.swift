import IXABI
import Network
import Packets
import TCP

// Step four of the cycle: what the host asks for, and what it is shown.

extension ElasticThread where Device: ~Copyable {
  /// How often the host is shown new numbers: about a thousand instructions each time.
  package static var controlInterval: Interval { .milliseconds(50) }

  /// How often the host learns what is in a capture's ring, which fills faster than numbers change.
  private static var captureInterval: Interval { .milliseconds(1) }

  /// Does what the host has asked for, and shows it how things are.
  @inline(never)
  package mutating func attend(now: Instant, on core: inout some ProcessorCore & ~Copyable) {
    var isStopping = false
    var isAsked = false
    while let command = control.nextCommand() {
      isAsked = true
      control.complete(perform(command, now: now, on: &core))
      if command.operation == ControlOperation.stop.rawValue { isStopping = true }
    }
    control.set(isStopping ? .stopped : isParked ? .parked : .running)
    device.updateCapture(control)
    advanceFlowGroups(now: now)
    if isAsked || now >= numbersDue {
      publish(now: now)
    } else {
      publishDue = min(numbersDue, now + Self.captureInterval)
    }
    if stack.isMigrating { publishDue = now }
    if isStopping { core.stop() }
  }

  /// Shows the host how things are.
  @inline(never)
  package mutating func publish(now: Instant) {
    numbersDue = now + Self.controlInterval
    publishDue = device.isCapturing ? now + Self.captureInterval : numbersDue
    control.beginUpdate(now: now)
    publishGauges()
    publishMetrics(now)
    publish(device.statistics)
    publishNetwork()
    publishTCP(stack.tcp.counters)
    publish(stack.migrations)
    publishDrops(stack.tcp.counters)
    control.endUpdate()
  }

  private mutating func perform(
    _ command: ControlCommand, now: Instant, on core: inout some ProcessorCore & ~Copyable
  ) -> Status {
    guard let operation = ControlOperation(rawValue: command.operation) else {
      return .unknownCall
    }
    let argument = command.arguments.0
    switch operation {
    case .none, .stop: return .ok
    case .setBatch:
      guard argument >= 1, argument <= 1024 else { return .badArgument }
      batchBound = Int(argument)
      return .ok
    case .setSpin:
      guard argument <= 999_999_999 else { return .badArgument }
      spinLimit = .microseconds(argument)
      return .ok
    case .print:
      core.printStatistics(of: metrics, busy: load.busy)
      return .ok
    case .capture:
      let status = device.capture(byteCount: argument)
      // Whoever ends a capture finds all of it once it knows that it has ended.
      device.updateCapture(control)
      return status
    case .park: return park(targets: argument)
    case .unpark: return unpark()
    case .migrate:
      let groups = FlowGroupSet(first: argument, count: command.arguments.1)
      return stack.migrate(
        groups, to: Int(truncatingIfNeeded: command.arguments.2), now: now)
    }
  }

  private mutating func publishGauges() {
    let (depth, delay, longest) = load.report()
    control.set(.batchBound, batchBound)
    control.set(.spinNanoseconds, spinLimit.nanoseconds)
    control.set(.queueDepth, depth)
    control.set(.queueingDelayNanoseconds, delay)
    control.set(.longestQueue, longest)
    control.set(.connections, stack.tcp.openConnectionCount)
    control.set(.freeConnections, stack.tcp.freeConnectionCount)
    control.set(.buffers, pool.count)
    control.set(.freeBuffers, pool.freeCount)
    control.set(.freeSendElements, stack.tcp.freeElementCount)
    control.set(.runningTimers, stack.tcp.armedTimerCount)
  }

  private func publishMetrics(_ now: Instant) {
    control.set(.cycles, metrics.cycles)
    control.set(.batches, metrics.batches)
    control.set(.frames, metrics.frames)
    control.set(.calls, metrics.calls)
    control.set(.refusedCalls, metrics.refusedCalls)
    control.set(.overstays, metrics.overstays)
    control.set(.sleeps, metrics.sleeps)
    control.set(.busyNanoseconds, load.busy.nanoseconds)
    control.set(.idleNanoseconds, load.idle(until: now).nanoseconds)
    control.set(.copiedBytes, pool.copiedByteCount)
    control.set(batches: load.batches)
  }

  private func publish(_ device: DeviceStatistics) {
    control.set(.postedBuffers, device.postedBufferCount)
    control.set(.deviceReceivedFrames, device.receivedFrames)
    control.set(.deviceReceivedBytes, device.receivedBytes)
    control.set(.deviceTransmittedFrames, device.transmittedFrames)
    control.set(.deviceTransmittedHeaderBytes, device.transmittedHeaderBytes)
    control.set(.deviceTransmittedInPlaceBytes, device.transmittedInPlaceBytes)
    control.set(.deviceTransmitDoorbells, device.transmitDoorbells)
    control.set(.deviceReceiveDoorbells, device.receiveDoorbells)
    control.set(.deviceRepeatedDoorbells, device.repeatedDoorbells)
    control.set(.deviceRefusedTransmissions, device.refusedTransmissions)
    control.set(.deviceShortRefills, device.shortRefills)
    control.set(.deviceShort, device.droppedShort)
    control.set(.deviceSegmentation, device.droppedSegmentation)
    control.set(.deviceChecksum, device.droppedChecksum)
    control.set(.deviceChecksumRange, device.droppedChecksumRange)
  }

  private func publishNetwork() {
    control.set(.ipReceivedSegments, stack.counters.receivedSegments)
    control.set(.ipReceivedDatagrams, stack.counters.receivedDatagrams)
    control.set(.ipReceivedFragments, stack.counters.receivedFragments)
    control.set(.ipReceivedErrors, stack.counters.receivedErrors)
    control.set(.arpReceived, stack.counters.receivedNeighbours)
    control.set(.ipSentSegments, stack.output.counters.segments)
    control.set(.ipSentDatagrams, stack.output.counters.datagrams)
    control.set(.ipSentEchoReplies, stack.output.counters.echoReplies)
    control.set(.ipSentErrors, stack.output.counters.errors)
    control.set(.ipSuppressedErrors, stack.output.counters.suppressedErrors)
    control.set(.arpSentRequests, stack.output.counters.arpRequests)
    control.set(.arpSentReplies, stack.output.counters.arpReplies)
    control.set(.ipUnreachable, stack.output.counters.unreachable)
    control.set(.ipDeviceFull, stack.output.counters.deviceFull)
  }

  private func publishTCP(_ tcp: TCPCounters) {
    control.set(.tcpReceivedSegments, tcp.receivedSegments)
    control.set(.tcpReceivedBytes, tcp.receivedBytes)
    control.set(.tcpSentSegments, tcp.sentSegments)
    control.set(.tcpSentBytes, tcp.sentBytes)
    control.set(.tcpRetransmittedSegments, tcp.retransmittedSegments)
    control.set(.tcpFastRetransmissions, tcp.fastRetransmissions)
    control.set(.tcpTimeouts, tcp.timeouts)
    control.set(.tcpWindowProbes, tcp.windowProbes)
    control.set(.tcpTailProbes, tcp.tailProbes)
    control.set(.tcpDuplicateAcknowledgments, tcp.duplicateAcknowledgments)
    control.set(.tcpDuplicateReports, tcp.duplicateReports)
    control.set(.tcpUndoneRepairs, tcp.undoneRepairs)
    control.set(.tcpPassiveOpens, tcp.passiveOpens)
    control.set(.tcpActiveOpens, tcp.activeOpens)
    control.set(.tcpEstablishedConnections, tcp.establishedConnections)
    control.set(.tcpClosedConnections, tcp.closedConnections)
    control.set(.tcpTimedOutConnections, tcp.timedOutConnections)
    control.set(.tcpRecycledConnections, tcp.recycledConnections)
    control.set(.tcpReceivedResets, tcp.resetsReceived)
    control.set(.tcpSentResets, tcp.resetsSent)
    control.set(.tcpChallengeAcknowledgments, tcp.challengeAcknowledgments)
    control.set(.tcpSentCookies, tcp.sentCookies)
    control.set(.tcpAcceptedCookies, tcp.acceptedCookies)
    control.set(.tcpPathErrors, tcp.pathErrors)
    control.set(.tcpPathReductions, tcp.pathReductions)
  }

  private func publish(_ migrations: MigrationCounters) {
    control.set(stack.links.ownGroups)
    control.set(.departedGroups, migrations.departedGroups)
    control.set(.arrivedGroups, migrations.arrivedGroups)
    control.set(.stayedGroups, migrations.stayedGroups)
    control.set(.arrivedConnections, migrations.arrivedConnections)
    control.set(.heldPackets, migrations.heldPackets)
    control.set(.droppedHeldPackets, migrations.droppedPackets)
    control.set(.migrationPauseNanoseconds, migrations.pauseSum.nanoseconds)
    let pauses = migrations.pauses.span
    for index in pauses.indices { control.set(.migrationPauses0, offset: index, pauses[index]) }
  }

  private func publishDrops(_ tcp: TCPCounters) {
    // Through a span: subscripting the array itself copies it, every time.
    let drops = stack.counters.drops.span
    for index in 0..<DropReason.count { control.set(dropAt: index, drops[index]) }
    control.set(.tcpPathError, tcp.droppedPathErrors)
    control.set(.tcpPathLimit, tcp.droppedPathLimits)
    control.set(.tcpFlags, tcp.droppedMalformed)
    control.set(.tcpNoConnection, tcp.droppedNoConnection)
    control.set(.tcpBacklogFull, tcp.droppedBacklogFull)
    control.set(.tcpKnocksFull, tcp.droppedKnocksFull)
    control.set(.tcpBadCookie, tcp.droppedBadCookie)
    control.set(.tcpNoConnectionSlot, tcp.droppedNoConnectionSlot)
    control.set(.tcpOutOfWindow, tcp.droppedOutOfWindow)
    control.set(.tcpBadReset, tcp.droppedBadReset)
    control.set(.tcpUnexpectedSYN, tcp.droppedUnexpectedSYN)
    control.set(.tcpBadAcknowledgment, tcp.droppedBadAcknowledgment)
    control.set(.tcpNoAcknowledgment, tcp.droppedNoAcknowledgment)
    control.set(.tcpOldTimestamp, tcp.droppedOldTimestamp)
    control.set(.tcpBufferLimit, tcp.droppedBufferLimit)
    control.set(.tcpReassembly, tcp.droppedReassembly)
    control.set(.tcpDuplicateData, tcp.droppedDuplicateData)
    control.set(.tcpAfterClose, tcp.droppedAfterClose)
    control.set(.tcpReply, tcp.droppedReplies)
    control.set(.tcpChallengeSuppressed, tcp.challengesSuppressed)
    control.set(.tcpSourceLimit, tcp.droppedSourceLimit)
    control.set(.tcpBehindFIN, tcp.droppedBehindFIN)
  }
}
