declare module 'pgpass' {
  /** The password for that place in the file that PGPASSFILE names, or ~/.pgpass; undefined where there is none. */
  export default function pgpass(
    place: { host: string; port: number; database: string; user: string },
    tell: (password: string | undefined) => void,
  ): void
}
