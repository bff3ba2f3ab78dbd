declare module 'proxy-addr' {
  import type { IncomingMessage } from 'node:http'

  /** Whether an address, the so many-th from here on, is believed about who asked it. */
  type Trust = (address: string, hop: number) => boolean

  /** Who asked: the nearest address that is not trusted, as `X-Forwarded-For` has it where those before it are. */
  function proxyaddr(request: IncomingMessage, trust: Trust): string

  namespace proxyaddr {
    /** @throws TypeError for what is neither an address nor a subnet */
    function compile(addresses: readonly string[]): Trust
  }
  export default proxyaddr
}
