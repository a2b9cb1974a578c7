// npm run picture: README's picture of a plan's page, light and dark, from inventories/ha.yaml. Needs chromium.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { root } from './bundling.ts';
import { main } from './main.ts';

/** CSS pixels. */
const viewport = { width: 1100, height: 1000 };

await main(async () => {
  const work = mkdtempSync(join(tmpdir(), 'kboot-picture-'));
  const browser = await chromium.launch({
    executablePath: process.env['KBOOT_CHROMIUM'] ?? '/usr/bin/chromium',
    // Its sandbox refuses to run as root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  try {
    const page = join(work, 'plan.html');
    const plan = ['plan', 'inventories/ha.yaml', '--offline', '--html', page];
    execFileSync(process.execPath, [join(root, 'dist/main.js'), ...plan], { cwd: root, stdio: 'ignore' });
    mkdirSync(join(root, 'docs/images'), { recursive: true });
    for (const scheme of ['light', 'dark'] as const) {
      const tab = await browser.newPage({ viewport, colorScheme: scheme, deviceScaleFactor: 1.5 });
      await tab.goto(`file://${page}`);
      const session = await tab.context().newCDPSession(tab);
      const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 70 });
      writeFileSync(join(root, `docs/images/plan-${scheme}.webp`), Buffer.from(data, 'base64'));
    }
  } finally {
    await browser.close();
    rmSync(work, { recursive: true, force: true });
  }
});
