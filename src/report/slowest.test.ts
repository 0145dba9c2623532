import { describe, expect, it } from 'vitest';
import { sampleManifest } from '../../test/support/sample-manifest.ts';
import { slowestTasks, tasksByPlay } from './slowest.ts';

const TASKS = sampleManifest().tasks ?? [];

describe('the tasks of a build', () => {
  it('are named by how slow they are', () => {
    expect(slowestTasks(TASKS, 3).map(({ task }) => task)).toEqual([
      'container-host : Install the missing packages',
      'convert-images : Convert the image',
      'generalise : Clean the image',
    ]);
  });

  it('are not named when they took no time worth a word', () => {
    expect(slowestTasks(TASKS, 100).every(({ durationMs }) => durationMs >= 500)).toBe(true);
    expect(slowestTasks(TASKS, 100).length).toBeLessThan(TASKS.length);
    expect(slowestTasks([], 3)).toEqual([]);
  });

  it('stand together by play, all of them, in order', () => {
    const plays = tasksByPlay(TASKS);
    expect(plays.map(({ play }) => play)).toEqual([
      ...['Container host', 'Generalise the image', 'Convert the finished image'],
    ]);
    expect(plays.flatMap(({ tasks }) => tasks)).toEqual(TASKS);
  });
});
