import { readFileSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import fc from 'fast-check';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProof, renderBuildReport } from '../../src/build/documents/report.ts';
import type { Manifest } from '../../src/output/manifest.ts';
import { startChromium } from '../support/chromium.ts';
import { sampleManifest } from '../support/sample-manifest.ts';

const AXE = readFileSync(join(import.meta.dirname, '../../node_modules/axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 320, height: 640 };
const DESKTOP = { width: 1280, height: 900 };

/** The report as a person sees it, in a real browser. What runs in the page is text: this project has no DOM types. */
describe('the page of the report', () => {
  let browser: Browser;
  let folder: string;
  let address: string;

  beforeAll(async () => {
    browser = await startChromium();
    folder = await mkdtemp(join(tmpdir(), 'nb-report-'));
    address = await pageAt('report.html', sampleManifest());
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function pageAt(name: string, manifest: Manifest): Promise<string> {
    const proof = await readProof(join(import.meta.dirname, '../fixtures/report/proof'));
    await writeFile(join(folder, name), renderBuildReport(manifest, proof));
    return pathToFileURL(join(folder, name)).href;
  }

  /** Opens a page and notes whatever it says or asks for. */
  async function open(
    options: BrowserContextOptions = {},
    url = address,
    prepare: (context: BrowserContext) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<{ page: Page; said: string[]; asked: string[] } & AsyncDisposable> {
    const context = await browser.newContext({ viewport: DESKTOP, ...options });
    await prepare(context);
    const page = await context.newPage();
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    context.on('request', (request) => asked.push(request.url()));
    await page.goto(url);
    return { page, said, asked, [Symbol.asyncDispose]: () => context.close() };
  }

  const openAll = (page: Page): Promise<unknown> =>
    page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');

  it('shows what the proof of each image found, and its screen, within a megabyte', async () => {
    await using opened = await open();
    const { page } = opened;
    await openAll(page);
    expect(await page.locator('.verdict').innerText()).toMatch(/booted on hardware like its target's\.$/);
    const card = page.locator('article', { hasText: 'coreos-stable.vhd' }).first();
    const text = await card.innerText();
    expect(text).toContain('Booted on hardware like Hyper-V, generation 1: IDE disk, DEC Tulip, BIOS');
    expect(text).toContain('inet 10.0.2.15/24, driver tulip');
    const widths = await page.evaluate(
      'Promise.all([...document.images].map((image) => image.decode().then(() => image.naturalWidth)))',
    );
    expect(widths).toEqual([1280, 1280, 1280, 1280]);
    expect((await stat(fileURLToPath(address))).size).toBeLessThan(1024 ** 2);
  });

  it('says nothing to the console and asks for nothing but itself', async () => {
    await using opened = await open();
    const { page, said, asked } = opened;
    await page.getByRole('button').first().click();
    await page.waitForLoadState('networkidle');
    expect(said).toEqual([]);
    expect(asked).toEqual([address]);
  });

  it.each([
    ['light', DESKTOP],
    ['light', PHONE],
    ['dark', DESKTOP],
    ['dark', PHONE],
  ] as const)('has contrast, landmarks, headings and names for all, %s at %o', async (colorScheme, viewport) => {
    await using opened = await open({ colorScheme, viewport });
    const { page } = opened;
    await openAll(page);
    await page.evaluate(AXE);
    const result = await page.evaluate<{
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string }[];
      }[];
      readonly passes: readonly { readonly id: string; readonly nodes: readonly unknown[] }[];
    }>('axe.run(document, { resultTypes: ["violations", "passes"] })');
    expect(result.violations.map(({ id, nodes }) => [id, nodes[0]?.html])).toEqual([]);
    // It did look: each text of the page has its colours compared.
    expect(result.passes.find(({ id }) => id === 'color-contrast')?.nodes.length).toBeGreaterThan(150);
  });

  it.each(['light', 'dark'] as const)('is %s when the reader has it so', async (colorScheme) => {
    await using opened = await open({ colorScheme });
    const { page } = opened;
    const [background = 0, text = 0] = await page.evaluate<number[]>(`
      ['backgroundColor', 'color'].map((name) => {
        const [red, green, blue] = getComputedStyle(document.body)[name].match(/\\d+/g).map(Number);
        return (red + green + blue) / 3;
      })`);
    expect(colorScheme === 'light' ? background - text : text - background).toBeGreaterThan(180);
    for (const [name, viewport] of [['desktop', DESKTOP] as const, ['phone', PHONE] as const]) {
      await page.setViewportSize(viewport);
      const shot = await page.screenshot({ fullPage: true });
      expect(shot.length).toBeGreaterThan(20_000);
      // To look at: SCREENSHOTS=FOLDER keeps them.
      const kept = process.env['SCREENSHOTS'];
      if (kept !== undefined) await writeFile(join(kept, `report-${colorScheme}-${name}.png`), shot);
    }
  });

  it('gives every control to the keyboard, in order, and shows where it is', async () => {
    await using opened = await open();
    const { page } = opened;
    await openAll(page);
    const controls = await page.evaluate<string[]>(
      `[...document.querySelectorAll('a, button, summary')].map((each) => each.textContent)`,
    );
    expect(controls.length).toBeGreaterThan(20);
    const walked: string[] = [];
    for (let count = 0; count < controls.length; count += 1) {
      await page.keyboard.press('Tab');
      const [name = '', outline] = await page.evaluate<string[]>(`[
        document.activeElement.textContent,
        getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth,
      ]`);
      walked.push(name);
      expect(outline, name).toBe('solid3px');
    }
    expect(walked).toEqual(controls);
  });

  it('opens the list of all tasks by the keyboard', async () => {
    await using opened = await open();
    const { page } = opened;
    const task = page.getByText("Leave Docker's settings to daemon.json");
    expect(await task.isVisible()).toBe(false);
    await page.getByText(/^All \d+ Ansible tasks$/).focus();
    await page.keyboard.press('Enter');
    expect(await task.isVisible()).toBe(true);
  });

  const SHA256 = 'd6d9544eda95ced2d901d20f93f0823d5bb3eaa923dd6fd8b4c0e1f05cc4b6b1';

  it('copies a checksum by a key, and says so', async () => {
    await using opened = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    const { page, said } = opened;
    await page.getByRole('button', { name: 'Copy the SHA-256 of web.vdi' }).focus();
    await page.keyboard.press('Enter');
    const status = page.getByRole('status');
    await expect.poll(() => status.textContent()).toBe('Copied the SHA-256 of web.vdi');
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(SHA256);
    await expect.poll(() => status.textContent(), { timeout: 6000 }).toBe('');
    expect(await page.getByRole('button', { name: 'Copy the SHA-256 of web.vdi' }).count()).toBe(1);
    expect(said).toEqual([]);
  });

  it('copies where a browser has no clipboard to give, as by http from another machine', async () => {
    const takeAway = "Object.defineProperty(navigator, 'clipboard', { value: undefined })";
    await using opened = await open({}, address, (context) => context.addInitScript(takeAway));
    const { page } = opened;
    await page.evaluate('addEventListener("copy", () => { window.copied = String(getSelection()); })');
    await page.getByRole('button', { name: 'Copy the SHA-256 of web.vdi' }).click();
    await expect.poll(() => page.getByRole('status').textContent()).toBe('Copied the SHA-256 of web.vdi');
    expect(await page.evaluate('window.copied')).toBe(SHA256);
  });

  it('is complete without its script, but for the buttons that need it', async () => {
    await using opened = await open({ javaScriptEnabled: false });
    const { page } = opened;
    expect(await page.getByText(SHA256).isVisible()).toBe(true);
    expect(await page.getByText('VBoxManage createvm --name web').isVisible()).toBe(true);
    expect(await page.getByRole('button').count()).toBe(0);
  });

  it('needs no scrolling sideways on the narrowest phone, whatever the names are', async () => {
    const long = 'x'.repeat(300);
    const manifest = mapTexts(sampleManifest(), (text) => text + long);
    const addresses = [address, await pageAt('long.html', manifest)];
    for (const url of addresses) {
      await using opened = await open({ viewport: PHONE }, url);
      const { page } = opened;
      await openAll(page);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
    }
  });

  it('draws each bar where its time is', async () => {
    await using opened = await open();
    const { page } = opened;
    const { tasks = [], durationMs = 0 } = sampleManifest();
    const task = tasks.find(({ task: name }) => name.endsWith('Install the missing packages'));
    const [from, width] = await page.evaluate<number[]>(`(() => {
      const named = [...document.querySelectorAll('li')].find((each) => each.textContent.includes('Install the missing'));
      const [track, bar] = ['svg', 'rect'].map((tag) => named.querySelector(tag).getBoundingClientRect());
      return [(bar.x - track.x) / track.width, bar.width / track.width];
    })()`);
    expect(from).toBeCloseTo((task?.startMs ?? 0) / durationMs, 2);
    expect(width).toBeCloseTo((task?.durationMs ?? 0) / durationMs, 2);
  });

  it('moves by itself only for readers who do not mind', async () => {
    for (const [reducedMotion, behaviour] of [
      ['reduce', 'auto'],
      ['no-preference', 'smooth'],
    ] as const) {
      await using opened = await open({ reducedMotion });
      const { page } = opened;
      expect(await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')).toBe(
        behaviour,
      );
    }
  });

  it('prints all of it, without what only a screen can do', async () => {
    await using opened = await open({ colorScheme: 'dark' });
    const { page } = opened;
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByText("Leave Docker's settings to daemon.json").isVisible()).toBe(true);
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
    expect(await page.getByRole('button').count()).toBe(0);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
  });

  it('stays the same page whatever is written in its manifest', async () => {
    await using opened = await open();
    const { page } = opened;
    // What a browser makes of it, without the texts: elements, and the names of their attributes.
    await page.evaluate(`window.skeletonOf = (html) => {
      const describe = (node) => [node.tagName, node.getAttributeNames().join(), ...[...node.children].map(describe)];
      return JSON.stringify(describe(new DOMParser().parseFromString(html, 'text/html').documentElement));
    }`);
    const skeletonOf = (manifest: Manifest): Promise<string> =>
      page.evaluate<string>(`skeletonOf(${JSON.stringify(renderBuildReport(manifest))})`);
    const usual = await skeletonOf(mapTexts(sampleManifest(), (text) => `a${text}b`));
    const piece = fc.oneof(
      fc.constantFrom(...['<', '>', '"', "'", '&', '`', '=', '-->', '<!--', ']]>', '\u0000', '\r', '\ud800']),
      fc.constantFrom(
        ...['</script>', '</style>', '</title>', '<img src=x onerror=alert(1)>', '&lt', '&#x3c;'],
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    const evil = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    await fc.assert(
      fc.asyncProperty(evil, evil, async (before, after) => {
        const manifest = mapTexts(sampleManifest(), (text) => `${before}a${text}b${after}`);
        expect(await skeletonOf(manifest)).toBe(usual);
      }),
      { numRuns: 60 },
    );
  });
});

/** The manifest with all its texts changed, but for those that the program chooses from a list. */
function mapTexts(manifest: Manifest, change: (text: string) => string): Manifest {
  const chosen = new Set(['format', 'state', 'label']);
  const map = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return chosen.has(key) ? value : change(value);
    if (Array.isArray(value)) return value.map((each) => map(each, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, map(each, name)]));
  };
  return map(manifest, '') as Manifest;
}
