import type { TaskRecord } from '../output/manifest.ts';

/** Quicker tasks are not worth a name. */
const NOTABLE_MS = 500;

/** The slowest tasks that are worth to be named, the slowest first. */
export function slowestTasks(tasks: readonly TaskRecord[], count: number): readonly TaskRecord[] {
  return tasks
    .filter(({ durationMs }) => durationMs >= NOTABLE_MS)
    .sort((one, other) => other.durationMs - one.durationMs)
    .slice(0, count);
}

/** Tasks that ran one after the other in the same play. */
export interface PlayTasks {
  readonly play: string;
  readonly tasks: readonly TaskRecord[];
}

/** The tasks in order, those of one play together. */
export function tasksByPlay(tasks: readonly TaskRecord[]): readonly PlayTasks[] {
  const plays: { play: string; tasks: TaskRecord[] }[] = [];
  for (const task of tasks) {
    const last = plays.at(-1);
    if (last?.play === task.play) last.tasks.push(task);
    else plays.push({ play: task.play, tasks: [task] });
  }
  return plays;
}
