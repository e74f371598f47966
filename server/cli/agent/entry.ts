/** Something of ours in a file of somebody else. Types only. */
export interface Entry {
  /**
   * The text with the entry; the same text if it has it.
   * @throws EntryError when the text is not what it has to be
   */
  add(text: string): string;
  /** The text without it; the same text if it does not have it. @throws EntryError */
  remove(text: string): string;
}

/** A file is broken, or has something else where the entry belongs. The message has the place within it. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
}
