import { z } from 'zod';

/** A name in the folder that a document describes. One that leads out of it, or hides, was not written by this program. */
export const FileName = z.string().regex(/^\w[\w.-]*$/, 'expected the name of a file in this folder');
