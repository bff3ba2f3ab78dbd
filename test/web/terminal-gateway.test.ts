import type { Socket } from 'socket.io'
import { expect, it, vi } from 'vitest'
import type { Session } from '../../server/session/session.js'
import type { SessionAttachOptions } from '../../server/session/terminals/rack-terminals.js'
import type { Connection } from '../../server/web/connection.js'
import { TerminalGateway } from '../../server/web/terminal-gateway.js'

const terminal = 'a'.repeat(32)

/** A socket that is attached to a terminal. @param only of a look into somebody else's */
async function bench(only?: { look: string; mayWrite: boolean }) {
  const sent: unknown[][] = []
  const socket = { emit: (...event: unknown[]) => sent.push(event) } as unknown as Socket
  const gateway = new TerminalGateway(socket, { waiting: 0, cut: () => {} } as unknown as Connection)
  const attachment = {
    info: { endOffset: 0, cols: 80, rows: 24 },
    write: vi.fn(async () => {}),
    resize: vi.fn(async () => {}),
    detach: vi.fn(),
    acknowledge: vi.fn(),
  }
  let options: SessionAttachOptions | undefined
  const attach = async (_terminal: string, given: SessionAttachOptions) => {
    options = given
    return attachment
  }
  await gateway.attach({ attach } as unknown as Session, terminal, undefined, only)
  const prints = (text: string) => options!.onData(Buffer.from(text), 0)
  return { gateway, attachment, prints, sent }
}

it('a learner types into their own terminal, and sets its size', async () => {
  const { gateway, attachment } = await bench()
  await gateway.write(terminal, 'ls\r')
  await gateway.resize(terminal, 100, 30)
  expect(attachment.write).toHaveBeenCalledWith('ls\r')
  expect(attachment.resize).toHaveBeenCalledWith(100, 30)
})

it('a look that was given to read types nothing and sets no size', async () => {
  const { gateway, attachment } = await bench({ look: 'l', mayWrite: false })
  for (const input of ['x', new Uint8Array([3])]) {
    await expect(gateway.write(terminal, input)).rejects.toMatchObject({ trouble: { code: 'terminal.read-only' } })
  }
  await gateway.resize(terminal, 20, 5)
  expect(attachment.write).not.toHaveBeenCalled()
  expect(attachment.resize).not.toHaveBeenCalled()
})

it('a look that was given to type in types, and sets no size', async () => {
  const { gateway, attachment } = await bench({ look: 'l', mayWrite: true })
  await gateway.write(terminal, 'x')
  await gateway.resize(terminal, 20, 5)
  expect(attachment.write).toHaveBeenCalledWith('x')
  expect(attachment.resize).not.toHaveBeenCalled()
})

it('a look that has ended sees nothing more, and types nothing', async () => {
  const { gateway, attachment, prints, sent } = await bench({ look: 'l', mayWrite: true })
  prints('before')
  gateway.endLook('another')
  expect(attachment.detach).not.toHaveBeenCalled()
  gateway.endLook('l')
  expect(attachment.detach).toHaveBeenCalledTimes(1)
  prints('after')
  expect(sent).toEqual([['terminal.data', terminal, 0, 'before']])
  await expect(gateway.write(terminal, 'x')).rejects.toMatchObject({ trouble: { code: 'terminal.detached' } })
})

it('a terminal that was not attached is typed into by nobody', async () => {
  const { gateway } = await bench()
  await expect(gateway.write('b'.repeat(32), 'x')).rejects.toMatchObject({ trouble: { code: 'terminal.detached' } })
})
