/** A text file that user data lays down in the guest, owned by root. */
export interface GuestFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly content: string;
}
