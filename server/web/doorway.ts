import type { Request, RequestHandler, Response } from 'express'
import type { DoorPage, Refusal } from './door-pages.js'
import type { loginMs } from './gate.js'

/** What all parts of the door do alike. */
export interface Doorway {
  pageOf(request: Request, refused?: Refusal): DoorPage
  send(response: Response, html: string, status?: number): void
  /** A path below the base. */
  path(below: string): string
  goTo(response: Response, below: string): void
  letIn(response: Response, learner: string, kind: keyof typeof loginMs): Promise<void>
  giveCookie(response: Response, name: string, value: string, ms: number): void
  textOf(request: Request, name: string): string
  /** What reads a form of a page of ours. */
  forms: RequestHandler[]
  joinLimits: RequestHandler[]
  mostSeats: number
}
