#if hasFeature(Embedded)
  extension Console {
    static func write(_ text: StaticString) {
      // SAFETY: a static string's bytes live as long as the image.
      let bytes = unsafe RawSpan(
        _unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount)
      write(bytes)
    }
  }
#endif
