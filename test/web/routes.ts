import type { Express } from 'express'

interface Layer {
  route?: { path: string | string[]; methods: Record<string, boolean> }
  handle: { stack?: Layer[] }
}

/** All routes of an app, those of its routers included, as `GET /api/me`. */
export function routesOf(app: Express): string[] {
  const within = (stack: readonly Layer[]): string[] =>
    stack.flatMap(({ route, handle }) => {
      if (!route) return handle.stack ? within(handle.stack) : []
      const methods = Object.keys(route.methods).map((method) => method.toUpperCase())
      return [route.path].flat().flatMap((path) => methods.map((method) => `${method} ${path}`))
    })
  return within((app.router as unknown as { stack: Layer[] }).stack)
}
