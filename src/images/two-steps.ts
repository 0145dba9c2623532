/** How a writer of an archive divides its time: the disk takes most of it, its copy into the archive the rest. */
const FIRST_SHARE = 0.9;

type OnFraction = (fraction: number) => void;

export interface TwoSteps {
  readonly onFirst: OnFraction;
  readonly onSecond: OnFraction;
}

/** One progress, 0 to 1, of two steps that run one after the other. */
export function twoSteps(onFraction: OnFraction): TwoSteps {
  return {
    onFirst: (fraction) => onFraction(fraction * FIRST_SHARE),
    onSecond: (fraction) => onFraction(FIRST_SHARE + fraction * (1 - FIRST_SHARE)),
  };
}
