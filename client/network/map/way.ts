export interface Point {
  x: number
  y: number
}

/** Into so many straight pieces a curve is taken apart. */
const pieces = 12

/** A line that is drawn: as an SVG path, and as the points on it. */
export class Way {
  path: string
  readonly points: Point[]

  constructor({ x, y }: Point) {
    this.path = `M${x} ${y}`
    this.points = [{ x, y }]
  }

  /** Straight to the left or right. */
  level(x: number): this {
    this.path += `H${x}`
    return this.to({ x, y: this.at.y })
  }

  /** Straight up or down. */
  upright(y: number): this {
    this.path += `V${y}`
    return this.to({ x: this.at.x, y })
  }

  /** A quadratic Bézier curve. */
  bend(by: Point, end: Point): this {
    this.path += `Q${by.x} ${by.y} ${end.x} ${end.y}`
    const begin = this.at
    return this.along((t) => mixed(mixed(begin, by, t), mixed(by, end, t), t))
  }

  /** A cubic Bézier curve. */
  curve(first: Point, second: Point, end: Point): this {
    this.path += `C${first.x} ${first.y} ${second.x} ${second.y} ${end.x} ${end.y}`
    const begin = this.at
    return this.along((t) => {
      const middle = mixed(first, second, t)
      return mixed(mixed(mixed(begin, first, t), middle, t), mixed(middle, mixed(second, end, t), t), t)
    })
  }

  private get at(): Point {
    return this.points.at(-1)!
  }

  private to(point: Point): this {
    this.points.push(point)
    return this
  }

  private along(at: (t: number) => Point): this {
    for (let piece = 1; piece <= pieces; piece++) this.points.push(at(piece / pieces))
    return this
  }
}

function mixed(a: Point, b: Point, t: number): Point {
  return { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t }
}
