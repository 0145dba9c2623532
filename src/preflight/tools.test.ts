import { describe, expect, it } from 'vitest';
import { compareVersions, findTools, type Tool, toolProblem } from './tools.ts';

const tool = (overrides: Partial<Tool>): Tool => ({
  command: 'node',
  versionArgs: ['--version'],
  minimum: '20.0',
  tested: undefined,
  package: 'nodejs',
  ...overrides,
});

describe('tools', () => {
  it('that are new enough are no problem', async () => {
    const [finding] = await findTools([tool({})]);
    expect(finding).toMatchObject({ state: 'ok', version: process.versions.node });
    expect(finding && toolProblem(finding)).toBeUndefined();
  });

  it('that are missing are named with their package', async () => {
    const [finding] = await findTools([tool({ command: 'no-such-tool', package: 'no-such-package' })]);
    expect(finding && toolProblem(finding)).toMatchObject({
      code: 'tool-missing',
      message: 'no-such-tool is not installed',
      hint: expect.stringContaining('apt-get install no-such-package') as string,
    });
  });

  it('that are too old say which version is needed', async () => {
    const [finding] = await findTools([tool({ minimum: '999.1' })]);
    expect(finding && toolProblem(finding)).toMatchObject({
      code: 'tool-too-old',
      message: `node ${process.versions.node} is too old: 999.1 or newer is needed`,
    });
  });
});

describe('versions', () => {
  it.each([
    ['1.6.6', '1.6.0', 1],
    ['1.10', '1.9', 1],
    ['7.2', '7.2.0', 0],
    ['5.1.99', '5.2', -1],
  ])('%s against %s', (left, right, sign) => {
    expect(Math.sign(compareVersions(left, right))).toBe(sign);
    expect(Math.sign(compareVersions(right, left))).toBe(sign === 0 ? 0 : -sign);
  });
});
