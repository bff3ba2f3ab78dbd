import type { MermaidConfig } from 'mermaid'

/** How diagrams look: as the rest of the page does. `colour` gives the page's custom property of a name. Pure. */
export function mermaidLook(colour: (name: string) => string, dark: boolean): MermaidConfig {
  return {
    startOnLoad: false,
    securityLevel: 'strict',
    suppressErrorRendering: true,
    theme: 'base',
    fontFamily: colour('font-sans'),
    themeVariables: {
      darkMode: dark,
      fontSize: '15px',
      background: colour('background'),
      primaryColor: colour('surface'),
      primaryTextColor: colour('text'),
      primaryBorderColor: colour('muted'),
      secondaryColor: colour('raised'),
      tertiaryColor: colour('background'),
      tertiaryTextColor: colour('text'),
      tertiaryBorderColor: colour('border'),
      lineColor: colour('accent'),
      textColor: colour('text'),
      clusterBkg: colour('raised'),
      clusterBorder: colour('border'),
      edgeLabelBackground: colour('background'),
      noteBkgColor: colour('accent-soft'),
      noteTextColor: colour('text'),
      noteBorderColor: colour('accent'),
      actorLineColor: colour('muted'),
      signalColor: colour('accent'),
      signalTextColor: colour('text'),
      labelBoxBkgColor: colour('raised'),
    },
    flowchart: {
      useMaxWidth: true,
      nodeSpacing: 36,
      rankSpacing: 34,
      padding: 12,
      subGraphTitleMargin: { top: 6, bottom: 10 },
    },
    sequence: { useMaxWidth: true, mirrorActors: false },
  }
}
