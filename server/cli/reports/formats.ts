/** Formats that are written at the end, as a whole. */
export const reportFormats = [
  'json',
  'sarif',
  'sarif-github',
  'github',
  'gitlab',
  'junit',
  'markdown',
  'html',
] as const;

export type ReportFormat = (typeof reportFormats)[number];
