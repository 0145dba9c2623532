import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, the longest first: each builds a big image. */
const LONGEST = ['/e2e/build.test.ts', '/e2e/dcos.test.ts'];

/** Starts the longest files at once, so that none of them is left to run alone at the end; the others in vitest's order. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.findIndex((end) => moduleId.endsWith(end));
      return place === -1 ? LONGEST.length : place;
    };
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
