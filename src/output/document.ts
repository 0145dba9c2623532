import { writeFileWhole } from '../system/files.ts';

/**
 * What a file of an output is: an image; something that tells what is in the images, and is as good as they are; or
 * something that was left by making them.
 */
export type OutputFileKind = 'image' | 'description' | 'byproduct';

/** A file of an output that is there. */
export interface OutputFile {
  /** Its path in the output's folder. */
  readonly file: string;
  readonly kind: OutputFileKind;
  readonly sha256: string;
}

/** An output that is not finished yet, as the writer of a document finds it. */
export interface OutputDraft {
  /** The folder's path for now. */
  readonly folder: string;
  /** The name that the folder gets when it is whole. */
  readonly stamp: string;
  /** The files that are there: the images, and the documents before this one. */
  readonly files: readonly OutputFile[];
}

/** A file that an output has besides its images. */
export interface OutputDocument {
  /** Its path in the output's folder. */
  readonly file: string;
  readonly kind: Exclude<OutputFileKind, 'image'>;
  /** Whether the output is whole without it, too: that it cannot be written is told, and no failure. */
  readonly isOptional?: true;
  /** Writes the file to `path`. */
  readonly write: (path: string, draft: OutputDraft) => Promise<void>;
}

/** A document that is a text, made when all before it are there. */
export function textDocument(
  file: string,
  kind: OutputDocument['kind'],
  textOf: (draft: OutputDraft) => string | Promise<string>,
): OutputDocument {
  return { file, kind, write: async (path, draft) => writeFileWhole(path, await textOf(draft)) };
}
