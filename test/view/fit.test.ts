import './no-color.ts';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { fit } from '../../src/view/fit.ts';

const long = 'node-role.kubernetes.io/control-plane, node.kubernetes.io/exclude-from-external-load-balancers';

it('continuation lines are aligned with the text', () => {
  expect(fit(`  ~ object      Node cp-1  ${long}, and more\nPlan: 1 step.`, 80)).toMatchInlineSnapshot(`
    "  ~ object      Node cp-1
                    node-role.kubernetes.io/control-plane,
                    node.kubernetes.io/exclude-from-external-load-balancers, and
                    more
    Plan: 1 step."
  `);
  expect(fit(`warning the bundle's own builds, not the official ones: ${long}`, 60)).toMatchInlineSnapshot(`
    "warning the bundle's own builds, not the official
            ones: node-role.kubernetes.io/control-plane,
            node.kubernetes.io/exclude-from-external-load-balancers"
  `);
});

it('short lines, diffs and scripts are not changed', () => {
  const text = `short\n      +${long} ${long}\n      $ ${long} ${long}`;
  expect(fit(text, 80)).toBe(text);
});

it('colours continue after the break', () => {
  const red = `  ✗ \u001B[31m${'word '.repeat(30)}\u001B[39m`;
  for (const line of fit(red, 40).split('\n')) {
    expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(40);
    if (line.includes('word')) expect(line).toContain('\u001B[31m');
  }
});
