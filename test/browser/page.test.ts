import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writePages, type PageName, type Pages } from './pages.ts';

let browser: Browser;
let pages: Pages;
let page: Page;
/** Requests of the page, and errors of the browser. */
let requests: string[];
let complaints: string[];

beforeAll(async () => {
  [browser, pages] = await Promise.all([
    chromium.launch({
      executablePath: process.env['KBOOT_CHROMIUM'] ?? '/usr/bin/chromium',
      // Its sandbox refuses to run as root, as the lab's tests do.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    }),
    writePages(),
  ]);
});
afterAll(async () => {
  await browser.close();
  pages.remove();
});
beforeEach(async () => {
  page = await browser.newPage({ offline: true, viewport: { width: 1280, height: 900 } });
  requests = [];
  complaints = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message());
    void dialog.dismiss();
  });
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  await page.close();
});

const open = (name: PageName): Promise<unknown> => page.goto(pages.url(name));
interface Shown {
  readonly text: string;
  readonly phase: string;
}
/** The rows that the filters show. */
const rows = (): Promise<readonly Shown[]> =>
  page.evaluate<readonly Shown[]>(
    `[...document.querySelectorAll('details.row')].filter((row) => row.checkVisibility()).map((row) =>
      ({ text: row.textContent.toLowerCase(), phase: row.dataset.phase }))`,
  );
const field = (name: string): ReturnType<Page['locator']> => page.locator(`#filters [name=${name}]`);
/** Waits for the filters: a reset applies them in a timer, and they take effect in the next frame. */
const settled = (): Promise<unknown> =>
  page.evaluate('new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done))))');
const scrollWidth = (): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth');

describe('a page from file://, without a network', () => {
  it.each(['plan', 'report', 'drift', 'plan-500', 'report-500'] as const)(
    '%s requests nothing',
    async (name) => {
      await open(name);
      await page.waitForLoadState('networkidle');
      expect(requests).toEqual([pages.url(name)]);
      expect((await rows()).length).toBeGreaterThan(4);
    },
  );

  it('shows hostile names as they are', async () => {
    await open('hostile');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('h1').textContent()).toContain('<img src=x onerror="alert(1)">');
  });

  it('is readable without its script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const still = await context.newPage();
    await still.goto(pages.url('plan'));
    expect(await still.locator('#filters').isVisible()).toBe(false);
    expect(await still.locator('details.row').count()).toBeGreaterThan(100);
    await still.locator('details.row summary').nth(7).click();
    expect(await still.locator('details.row[open]').count()).toBe(1);
    await context.close();
  });
});

describe('filters', () => {
  it('by mouse: host, phase, verb and text, one after another and together', async () => {
    await open('plan-500');
    const all = (await rows()).length;
    await field('phase').selectOption('nodes');
    await settled();
    expect(new Set((await rows()).map(({ phase }) => phase))).toEqual(new Set(['nodes']));
    await field('host').selectOption({ label: 'w-77' });
    await field('verb').selectOption('update');
    await settled();
    const [only, ...more] = await rows();
    expect(only?.text).toContain('kboot.dev/managed-by');
    expect(more).toEqual([]);
    await page.getByRole('button', { name: 'Clear' }).click();
    await settled();
    expect(await rows()).toHaveLength(all);
    await field('text').fill('Containerd SERVICE');
    await settled();
    const found = await rows();
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(all);
    for (const { text } of found) expect(text).toMatch(/containerd[^]*service|service[^]*containerd/);
    expect(await page.locator('#filters output').textContent()).toBe(`${found.length} of ${all} rows`);
    await field('text').fill('xyzzy');
    await settled();
    expect(await page.getByText('No step matches.').isVisible()).toBe(true);
    expect(await page.locator('.phase:visible').count()).toBe(0);
  });

  it('by keyboard alone: to the steps, into the fields, into a row', async () => {
    await open('plan');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('frontend kube-apiserver');
    await settled();
    expect(await rows()).toHaveLength(1);
    for (let stop = 0; stop < 7; stop++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await settled();
    expect(await page.locator('details.row[open]').count()).toBe(1);
    expect(await page.getByText('frontend').first().isVisible()).toBe(true);
  });

  it('by the result of a step, in a report', async () => {
    await open('report');
    await field('ending').selectOption('failed');
    await settled();
    const [failed, ...more] = await rows();
    expect(more).toEqual([]);
    expect(failed?.text).toContain('no space left on device');
    await page.locator('.failures a').click();
    expect(await page.locator('details.row:target').isVisible()).toBe(true);
  });

  it('find text that only one host has, and show that host’s', async () => {
    await open('plan-500');
    await field('text').fill('10.8.1.80');
    await field('host').selectOption({ label: 'w-327' });
    await settled();
    expect((await rows()).length).toBeGreaterThan(0);
    const row = page.locator('details.row:visible').first();
    await row.locator('summary').first().click();
    await expect.poll(() => row.textContent()).toContain('10.8.1.80');
    await row.getByLabel('Show it as on host').first().selectOption({ label: 'w-9' });
    expect(await row.locator('pre').first().textContent()).toContain('10.8.0.12');
  });
});

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

describe('accessibility', () => {
  it.each([
    ...(['plan', 'report', 'drift'] as const).flatMap((name) => [
      [name, 'light'] as const,
      [name, 'dark'] as const,
    ]),
    ['report-500', 'light'] as const,
  ])('axe finds nothing in %s, %s', async (name, scheme) => {
    await page.emulateMedia({ colorScheme: scheme });
    await open(name);
    await page.evaluate(
      "[...document.querySelectorAll('details')].slice(0, 40).forEach((row) => (row.open = true))",
    );
    await settled();
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>(`axe.run({ runOnly: ${JSON.stringify(rules)} })`);
    expect(violations.map(({ id, nodes }) => [id, nodes[0]?.html, nodes[0]?.failureSummary])).toEqual([]);
  });

  it('fits a narrow window', async () => {
    await page.setViewportSize({ width: 360, height: 700 });
    for (const name of ['plan', 'report', 'drift'] as const) {
      await open(name);
      expect(await scrollWidth()).toBe(360);
    }
  });

  it('is printed in light colours, completely, with its diffs and without its filters', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await open('drift');
    await page.getByRole('button', { name: 'Close all' }).click();
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.locator('pre.diff').first().isVisible()).toBe(true);
    expect(await page.locator('#filters').isVisible()).toBe(false);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const name = await page.locator('.row .what').first().boundingBox();
    expect(name?.width).toBeGreaterThan(600);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await page.locator('details.row[open]').count()).toBe(0);
    await page.setViewportSize({ width: 700, height: 1000 });
    expect(await scrollWidth()).toBe(700);
    expect((await page.locator('.row .what').first().boundingBox())?.width).toBeGreaterThan(300);
  });
});
