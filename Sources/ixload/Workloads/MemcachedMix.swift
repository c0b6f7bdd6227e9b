import Glibc

/// Sizes and share of GETs of a pool of memcached servers.
///
/// Sizes: Atikoglu, Xu, Frachtenberg, Jiang and Paleczny, "Workload Analysis of a Large-Scale
/// Key-Value Store", SIGMETRICS 2012, section 5: the fitted distributions of ETC, the sizes of USR.
/// Bounds and shares of GETs: Belay et al., OSDI 2014, section 5.5, whose comparison with Linux
/// these mixes repeat (ETC: keys of 20 to 70 bytes, values of 1 byte to 1 KB, 75 % GETs; USR: short
/// keys, values of 2 bytes, 99 % GETs).
struct MemcachedMix {
  enum Name: String {
    case usr, etc
    /// GETs alone, of keys and values as in USR.
    case get
  }

  let name: Name
  var getShare: Double

  init(named name: Name) {
    self.name = name
    getShare =
      switch name {
      case .usr: 0.99
      case .etc: 0.75
      case .get: 1
      }
  }

  func keyByteCount(_ random: inout SplitMix64) -> Int {
    switch name {
    // "Two key size values (16 and 21 B)"; their shares are not given.
    case .usr, .get: return random.next() & 1 == 0 ? 16 : 21
    case .etc:
      // Generalised extreme value distribution with mu, sigma and xi of the paper.
      let (location, scale, shape) = (30.7984, 8.20449, 0.078688)
      let size = location + scale / shape * (pow(-log(random.unit()), -shape) - 1)
      return min(max(Int(size.rounded()), 20), 70)
    }
  }

  func valueByteCount(_ random: inout SplitMix64) -> Int {
    switch name {
    case .usr, .get: return 2
    case .etc:
      var share = random.unit()
      for (size, probability) in Self.smallValues.enumerated() {
        share -= probability
        if share < 0 { return max(size, 1) }
      }
      // Generalised Pareto distribution with sigma and k of the paper, above the small sizes.
      let (scale, shape) = (214.476, 0.348238)
      let size = 15 + scale / shape * (pow(random.unit(), -shape) - 1)
      return min(Int(size.rounded()), 1024)
    }
  }

  /// Probabilities of values of 0, 1, ... 14 bytes; the distribution above holds for longer ones.
  private static let smallValues = [
    0.00536, 0.00047, 0.17820, 0.09239, 0.00018, 0.02740, 0.00065, 0.00606, 0.00023, 0.00837,
    0.00837, 0.08989, 0.00092, 0.00326, 0.01980,
  ]
}
