import CRuntime
import Testing

/// One heap per process: everything in one suite, one after the other.
@Suite(.serialized) struct HeapTests {
  static func withHeap(byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) -> Void) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
    ix_heap_initialize(UInt64(UInt(bitPattern: memory.baseAddress!)), UInt64(byteCount))
    body(memory)
    ix_heap_initialize(0, 0)
    memory.deallocate()
  }

  @Test(arguments: [1, 8, 16, 32, 64, 4096, 1 << 16])
  func blocksAreAlignedAndInsideTheRegion(alignment: Int) {
    Self.withHeap(byteCount: 1 << 20) { memory in
      for byteCount in [0, 1, 16, 17, 100, 4096, 10_000] {
        let block = ix_heap_allocate(alignment, byteCount)
        #expect(block != nil)
        guard let block else { return }
        #expect(UInt(bitPattern: block) % UInt(max(alignment, 16)) == 0)
        #expect(block >= memory.baseAddress!)
        #expect(block + byteCount <= memory.baseAddress! + memory.count)
      }
    }
  }

  @Test func aFreedBlockServesItsClassAgain() {
    Self.withHeap(byteCount: 4096) { _ in
      for _ in 0..<10_000 {
        let block = ix_heap_allocate(16, 1000)
        #expect(block != nil)
        ix_heap_free(block)
      }
    }
  }

  @Test(arguments: [(16, 4097), (16, Int.max), (1 << 62, 16), (1 << 20, 16)])
  func whatDoesNotFitIsRefused(alignment: Int, byteCount: Int) {
    Self.withHeap(byteCount: 4096) { _ in
      #expect(ix_heap_allocate(alignment, byteCount) == nil)
      #expect(ix_heap_allocate(16, 64) != nil)
    }
  }

  @Test func withoutMemoryNothingIsAllocated() {
    ix_heap_initialize(0, 0)
    #expect(ix_heap_allocate(16, 1) == nil)
    ix_heap_free(nil)
  }

  @Test func blocksInUseNeverOverlap() {
    struct Block {
      var bytes: UnsafeMutableRawBufferPointer
      var value: UInt8
    }
    var generator = SystemRandomNumberGenerator()
    Self.withHeap(byteCount: 16 << 20) { _ in
      var blocks: [Block?] = Array(repeating: nil, count: 500)
      for _ in 0..<100_000 {
        let slot = Int.random(in: 0..<blocks.count, using: &generator)
        if let block = blocks[slot] {
          if !block.bytes.allSatisfy({ $0 == block.value }) { Issue.record("overlap") }
          ix_heap_free(block.bytes.baseAddress)
          blocks[slot] = nil
          continue
        }
        let byteCount = Int.random(in: 1..<200, using: &generator)
        let alignment = 1 << Int.random(in: 0..<9, using: &generator)
        guard let start = ix_heap_allocate(alignment, byteCount) else {
          Issue.record("the heap is exhausted")
          return
        }
        let value = UInt8(truncatingIfNeeded: slot)
        let bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
        for index in bytes.indices { bytes[index] = value }
        blocks[slot] = Block(bytes: bytes, value: value)
      }
    }
  }
}
