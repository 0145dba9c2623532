import { dirname, join } from 'node:path';
import type { Artifact } from '../../events.ts';
import { formatNamed } from '../../images/formats.ts';
import type { OutputDocument } from '../../output/document.ts';
import { SBOM_FILE, writeSbom } from '../../sbom/write-sbom.ts';
import { temporaryFolder } from '../../system/files.ts';
import { Scope } from '../../system/scope.ts';

export interface SbomFacts {
  /** Of the images, without extension. */
  readonly name: string;
  /** When they were built, in ISO 8601. */
  readonly builtAt: string;
  readonly artifacts: readonly Artifact[];
  readonly signal: AbortSignal;
}

/** The list of the packages in the images. A guest whose packages cannot be read has none; that is told. */
export function sbomDocument({ name, builtAt, artifacts, signal }: SbomFacts): OutputDocument {
  return {
    file: SBOM_FILE,
    kind: 'description',
    isOptional: true,
    write: async (target, { folder, stamp }) => {
      await using scope = new Scope();
      const artifact = artifacts.find(({ format }) => format === 'qcow2') ?? artifacts[0];
      if (artifact === undefined) throw new Error('there is no image');
      const { file, sha256 } = artifact;
      // What an archive must be unpacked for has the output's own room.
      const job = { path: join(folder, file), folder: await temporaryFolder(scope, dirname(target)), signal };
      const disk = await formatNamed(artifact.format).open(job);
      const image = { name, version: stamp, file, sha256, builtAt };
      const obstacle = await writeSbom({ disk, image, target, signal });
      if (obstacle !== undefined) throw new Error(obstacle);
    },
  };
}
