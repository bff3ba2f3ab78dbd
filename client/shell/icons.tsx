import type { ComponentChildren } from 'preact'

/** Drawn with the text's colour, at the text's size; what they mean always stands beside them in words. */
function Icon({ children, class: name = '' }: { children: ComponentChildren; class?: string }) {
  return (
    <svg class={`icon ${name}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  )
}

export const TickIcon = () => (
  <Icon class="tick">
    <path d="M3.2 8.6 6.6 12 12.9 4.6" />
  </Icon>
)
export const CrossIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
)
export const UnknownIcon = () => (
  <Icon>
    <path d="M5.6 6a2.4 2.4 0 1 1 3.6 2.1c-.8.5-1.2.9-1.2 1.7M8 12.4v.1" />
  </Icon>
)
export const PenIcon = () => (
  <Icon>
    <path d="m3.2 12.8.8-3.100 6.500-6.500 2.300 2.300-6.500 6.500zM9 4.700l2.300 2.300" />
  </Icon>
)
export const HelpedIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.6" />
    <circle cx="8" cy="8" r="2.1" />
    <path d="m4 4 2.5 2.5m3 3L12 12M12 4 9.5 6.500m-3 3L4 12" />
  </Icon>
)
export const SkipIcon = () => (
  <Icon>
    <path d="m4 4 5 4-5 4zM12 4v8" />
  </Icon>
)
export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.2" />
    <path d="m10.2 10.2 3.3 3.3" />
  </Icon>
)
export const SystemIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.6" />
    <path d="M8 2.400a5.6 5.6 0 0 1 0 11.200z" fill="currentColor" />
  </Icon>
)
export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="3" />
    <path d="M8 1.500v1.600M8 12.900v1.600M1.5 8h1.600M12.9 8h1.600M3.4 3.400l1.1 1.100M11.5 11.500l1.1 1.100M12.6 3.400l-1.1 1.100M4.5 11.500l-1.1 1.1" />
  </Icon>
)
export const MoonIcon = () => (
  <Icon>
    <path d="M13 9.700A5.6 5.6 0 0 1 6.3 3a5.6 5.6 0 1 0 6.7 6.700Z" />
  </Icon>
)
export const MenuIcon = () => (
  <Icon>
    <path d="M2.5 4.500h11M2.5 8h11M2.5 11.500h11" />
  </Icon>
)
export const BackIcon = () => (
  <Icon>
    <path d="M9.5 3.5 5 8l4.5 4.5" />
  </Icon>
)
export const DownIcon = () => (
  <Icon>
    <path d="M8 3v9.500M4 8.800l4 4 4-4" />
  </Icon>
)
export const ForwardIcon = () => (
  <Icon>
    <path d="M3 8h9.500M8.8 4l4 4-4 4" />
  </Icon>
)
export const CopyIcon = () => (
  <Icon>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
    <path d="M10.5 3.500v-.5a1 1 0 0 0-1-1H3.500a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h.5" />
  </Icon>
)
export const RunIcon = () => (
  <Icon>
    <path d="M4.5 3v10l8-5z" fill="currentColor" />
  </Icon>
)
export const TerminalIcon = () => (
  <Icon>
    <path d="m3 4 4 4-4 4M8.500 12h5" />
  </Icon>
)
export const OutsideIcon = () => (
  <Icon>
    <path d="M6.5 3.500h-3v9h9v-3M9 2.500h4.500V7M13 3 7.5 8.5" />
  </Icon>
)
export const ClockIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.8" />
    <path d="M8 4.800V8l2.2 1.6" />
  </Icon>
)

export const MapIcon = () => (
  <Icon>
    <rect x="2" y="2.5" width="5" height="4" rx="1" />
    <rect x="9" y="9.5" width="5" height="4" rx="1" />
    <path d="M4.5 6.500v3a2 2 0 0 0 2 2H9" />
  </Icon>
)
export const TextIcon = () => (
  <Icon>
    <path d="M2.5 4h11M2.5 7.500h11M2.5 11h7" />
  </Icon>
)
export const TidyIcon = () => (
  <Icon>
    <rect x="2.500" y="2.500" width="4.500" height="4.500" rx="1" />
    <rect x="9" y="2.500" width="4.500" height="4.500" rx="1" />
    <rect x="2.500" y="9" width="4.500" height="4.500" rx="1" />
    <rect x="9" y="9" width="4.500" height="4.500" rx="1" />
  </Icon>
)

/** Two plugs of one cable: what a veth pair is. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect x="3" y="4" width="10" height="10" rx="2.5" />
    <rect x="19" y="18" width="10" height="10" rx="2.5" />
    <path d="M8 14v4.500A4.5 4.5 0 0 0 12.5 23H19" />
  </svg>
)
