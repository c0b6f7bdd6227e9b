@main struct HostStub { static func main() {} }
