/** What a learner reads, in both languages of the project. */
export interface Text {
  en: string
  zh: string
}

export const languages = ['en', 'zh'] as const
export type Language = (typeof languages)[number]
