import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KbootError } from '../../../src/model/error.ts';
import type { PageInput } from '../../../src/view/html/input.ts';
import { pageHtml } from '../../../src/view/html/page.ts';
import { gate, phaseOf, plan, planHost, shellStep } from '../../samples/plan.ts';
import { hostFiles, sampleInput, samplePlan, sampleRun } from '../../samples/page.ts';
import { remedyFields } from '../../../src/model/language/text.ts';

/** Element and attribute names in order, without contents; without line breaks of long names. */
function skeleton(page: string): readonly string[] {
  const body = page.slice(page.indexOf('<body'), page.lastIndexOf('<script>'));
  return (body.match(/<[^>]*>/g) ?? [])
    .map((tag) => tag.replace(/="[^"]*"/g, ''))
    .filter((tag) => tag !== '<wbr>');
}

const codePoint = fc.oneof(
  fc.constantFrom('<', '>', '"', "'", '&', '/', '=', ' '),
  fc.nat({ max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
);

const report = (of: PageInput['plan'], spoil?: (word: string) => string): PageInput =>
  sampleInput({ plan: of, run: sampleRun(of, spoil) });

describe('page', () => {
  it('shows that nothing has been changed, the planned changes, and the command to continue', () => {
    const page = pageHtml(sampleInput());
    expect(page).toContain(
      'Nothing has been changed. 15 steps on 3 hosts, through the API and on this machine.',
    );
    expect(page).toContain('<code>kboot up prod.yaml</code> applies this plan.');
    expect(page).toContain('the clock differs');
  });

  it('shows the results, with the log lines of failures', () => {
    const page = pageHtml(report(samplePlan()));
    expect(page).toContain('Failed on w-2: 2 of 15 steps done in 0.6 s.');
    expect(page).toContain('tar: No space left\ntar: exiting');
    expect(page).toMatch(/<a href="#s\d+">w-2: file \/etc\/crictl.yaml<\/a>/);
    expect(page).not.toContain('Nothing has been changed');
  });

  it('is not a success if a host could not be read', () => {
    const step = shellStep('cp-1', '/a');
    const of = plan({
      hosts: [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker', { state: 'unreachable' })],
      phases: [phaseOf('host', [[{ host: 'cp-1' }, [step]]])],
    });
    const run = { failures: [], held: [], interrupted: false, seconds: 2 };
    const page = pageHtml(
      sampleInput({ plan: of, run: { ...run, events: [{ at: 1, type: 'done', step, seconds: 1 }] } }),
    );
    expect(page).toContain('1 of 1 step done in 2 s; w-1 could not be read.');
    expect(page).not.toContain('class="verdict done"');
    const idle = pageHtml(sampleInput({ plan: { ...of, phases: [] }, run: { ...run, events: [] } }));
    expect(idle).toContain('Nothing has been changed; w-1 could not be read.');
    expect(pageHtml(sampleInput({ plan: of }))).toContain(
      'Not in this plan, because they could not be read: w-1.',
    );
  });

  it('shows a failure of many hosts once', () => {
    const of = samplePlan();
    const run = sampleRun(of);
    const [, onOne] = hostFiles(of);
    const [failure] = run.failures;
    if (failure === undefined) throw new Error('no failure');
    const failed = run.events.find(({ type }) => type === 'failed');
    const events = [...run.events, { ...failed, at: 600, step: onOne } as (typeof run.events)[number]];
    const page = pageHtml(
      sampleInput({
        plan: of,
        run: { ...run, events, failures: [failure, { ...failure, host: 'w-1', stepId: onOne.id }] },
      }),
    );
    expect(page.match(/tar: No space left/g)).toHaveLength(2);
    expect(page).toContain('w-1, w-2: file /etc/crictl.yaml');
    expect(page).toContain('<p>w-1, w-2: ended with status 2</p>');
  });

  it('links a failure to the row of its step or gate, regardless of the texts', () => {
    const names = ['cp-1', 'w-1'];
    const [one, two] = names.map((host) =>
      shellStep(host, '/a', { verb: host === 'w-1' ? 'update' : 'create' }),
    );
    const ready = gate({ kind: 'node-ready', node: 'w-1' });
    if (one === undefined || two === undefined) throw new Error('no steps');
    const of = plan({
      phases: [
        phaseOf('host', [
          [{ host: 'cp-1' }, [one]],
          [{ host: 'w-1' }, [two]],
        ]),
        phaseOf('readiness', [], { gates: [ready] }),
      ],
    });
    const failures = [two.id, ready.id].map((stepId) => ({
      host: 'w-1',
      stepId,
      error: new KbootError('E-STEP', stepId, { step: 'the same words' }),
    }));
    const page = pageHtml(
      sampleInput({ plan: of, run: { events: [], failures, held: [], interrupted: false, seconds: 1 } }),
    );
    const ids = [...page.matchAll(/<a href="#(s\d+)">w-1: the same words</g)].map((match) => match[1]);
    const verbs = ids.map((id) =>
      new RegExp(`id="${id ?? ''}"\\s+data-verb="(\\w+)"\\s+data-phase="(\\w+)"`).exec(page)?.slice(1),
    );
    expect(verbs).toEqual([
      ['update', 'host'],
      ['wait', 'readiness'],
    ]);
  });

  it('has rows for gates, and shows rollbacks', () => {
    const words = (page: string): string =>
      page
        .replace(/^[^]*<body/, '')
        .replace(/<[^>]*>/g, '')
        .replace(/\s+/g, ' ');
    const of = samplePlan();
    const page = words(pageHtml(sampleInput({ plan: of })));
    expect(page).toContain('3 to wait for');
    expect(page).toContain('until healthy 2 to wait for');
    expect(page).toContain('…wait wait Node host Ready 20 s at most');
    expect(page).toContain('On failure: −delete etcd-member cp-1 withdrawn');
    expect(page).not.toMatch(/withdrawn cp-1 ?done/);
    const step = of.phases.flatMap(({ batches }) =>
      batches.flatMap(({ tasks }) => tasks.flatMap(({ rollback = [] }) => rollback)),
    )[0];
    if (step === undefined) throw new Error('no rollback');
    const run = { failures: [], held: ['w-2'], interrupted: false, seconds: 2 };
    const ran = words(
      pageHtml(
        sampleInput({ plan: of, run: { ...run, events: [{ at: 1, type: 'done', step, seconds: 1 }] } }),
      ),
    );
    expect(ran).toMatch(/withdrawn cp-1 ?done 1 s/);
    expect(ran).toContain('Not attempted: the rollout stopped before w-2.');
  });

  it('shows that there is nothing to do, before and after a run', () => {
    const of = plan();
    expect(pageHtml(sampleInput({ plan: of }))).toContain('Nothing has been changed. Nothing to do.');
    const run = { events: [], failures: [], held: [], interrupted: false, seconds: 0 };
    expect(pageHtml(sampleInput({ plan: of, run }))).toContain('Nothing to do: nothing has been changed.');
  });

  it('names hosts that could not be read, and preflight findings', () => {
    const page = pageHtml(
      sampleInput({
        unread: new Map([['w-7', new Error('nothing listens there')]]),
        findings: [
          {
            host: 'w-8',
            level: 'warning',
            check: 'Mem',
            message: '900 MiB of memory',
            ...remedyFields({ en: 'Add some.', zh: '增加一些。' }),
          },
        ],
      }),
    );
    expect(page).toMatch(/w-7<\/b> could not be read: nothing listens there/);
    expect(page).toMatch(/w-8<\/b> 900 MiB of memory. Add some./);
  });

  it('loads no external resources, and its policy allows only its own style and script', () => {
    const page = pageHtml(report(samplePlan()));
    expect(
      page.match(/\b(?:src|href|action|data)="[^"]*"/g)?.filter((each) => !each.includes('="#')),
    ).toEqual([]);
    expect(page).not.toMatch(/@import|url\(|\sstyle=|\son\w+=/);
    const policy = /http-equiv="Content-Security-Policy"\s+content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toMatch(/^default-src &#39;none&#39;;/);
    for (const element of ['style', 'script']) {
      const text = new RegExp(`<${element}>([^]*?)</${element}>`).exec(page)?.[1] ?? '';
      expect(policy).toContain(`sha256-${createHash('sha256').update(text).digest('base64')}`);
    }
  });

  it('no hostile name or text changes the elements of the page', () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '</script><script>alert(1)</script>',
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        '</pre></details></style>',
        '<!--',
        '-->',
        ']]>',
        '&lt;script&gt;',
        '\u202e\u0000',
      ),
      fc.string({ unit: codePoint }).map((text) => text.replace(/[\n\r]/g, '')),
    );
    const plain = (of: PageInput['plan']): PageInput[] => [sampleInput({ plan: of }), report(of)];
    const [planned, ran] = plain(samplePlan((word) => `${word}~`)).map((input) => skeleton(pageHtml(input)));
    fc.assert(
      fc.property(hostile, (text) => {
        const spoil = (word: string): string => `${word}~${text}~`;
        const of = samplePlan(spoil);
        const page = pageHtml(sampleInput({ plan: of, command: spoil('kboot') }));
        expect(skeleton(page)).toEqual(planned);
        expect(skeleton(pageHtml(report(of, spoil)))).toEqual(ran);
        const data = /<script type="application\/json" id="forms">([^<]*)<\/script>/.exec(page)?.[1] ?? '';
        expect((JSON.parse(data) as { hosts: string[] }).hosts).toEqual(['cp-1', 'w-1', 'w-2'].map(spoil));
      }),
      { numRuns: 30 },
    );
  });

  it('shows secrets by name and digest', () => {
    const page = pageHtml(sampleInput());
    expect(page).toContain('name: kubelet.pem\nsha256: 5f3c');
  });
});
