"""Measures IX beside what people would otherwise use; see Benchmarks/README.md."""
