import { configProblems } from '../components/config.ts';
import { flagProblems, type StatedFlag } from '../components/flags.ts';
import type { ComponentCatalog, FlagComponent } from '../components/facts.ts';
import type { Path, Problem } from '../position.ts';
import type { Check, CheckInput } from './check.ts';

/** What kboot passes on to a component as it is. */
interface Passed {
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly extraArgs?: readonly (StatedFlag | undefined)[] | undefined;
}

interface Section {
  readonly path: Path;
  readonly stated: Passed | undefined;
  /** Type of `config`. */
  readonly kind?: 'KubeletConfiguration' | 'KubeProxyConfiguration';
  /** Whose flags `extraArgs` are. */
  readonly component?: FlagComponent;
}

/**
 * Configurations and flags of components have the fields, values, feature gates and flags that the components of the
 * stated version have. Not checked for a version that the catalog's data does not cover; only warnings if
 * spec.preflight.ignore has ComponentConfig, for components that somebody built.
 */
export const componentsKnowTheirSettings: Check = (input) => {
  const minor = minorOf(input.draft.spec?.kubernetesVersion);
  const stated = sectionsOf(input).filter(({ stated: { config, extraArgs = [] } = {} }) => {
    return config !== undefined || extraArgs.length > 0;
  });
  if (minor === undefined || stated.length === 0) return [];
  const ignore = input.draft.spec?.preflight?.ignore ?? [];
  const isIgnored = ignore.includes('ComponentConfig') || ignore.includes('all');
  const context = { catalog: input.components, minor, isIgnored };
  const problems = stated.flatMap((section) => sectionProblems(section, context));
  if (!isIgnored) return problems;
  return problems.map((problem) => ({ ...problem, severity: 'warning' }));
};

function sectionProblems(
  { path, stated, kind, component }: Section,
  context: { readonly catalog: ComponentCatalog; readonly minor: number; readonly isIgnored: boolean },
): Problem[] {
  const { config, extraArgs = [] } = stated ?? {};
  const { catalog, minor } = context;
  const covers = ({ oldest, newest }: { readonly oldest: number; readonly newest: number }): boolean =>
    oldest <= minor && minor <= newest;
  return [
    ...(config !== undefined && kind !== undefined && covers(catalog.types())
      ? configProblems(config, [...path, 'config'], { ...context, kind })
      : []),
    ...(extraArgs.length > 0 && component !== undefined && covers(catalog.flags())
      ? flagProblems(extraArgs, [...path, 'extraArgs'], { ...context, component })
      : []),
  ];
}

function sectionsOf({ draft, outline }: CheckInput): Section[] {
  const spec = draft.spec ?? {};
  const kubelet = { kind: 'KubeletConfiguration', component: 'kubelet' } as const;
  return [
    { path: ['spec', 'etcd'], stated: spec.etcd, component: 'etcd' },
    { path: ['spec', 'apiServer'], stated: spec.apiServer, component: 'kube-apiserver' },
    {
      path: ['spec', 'controllerManager'],
      stated: spec.controllerManager,
      component: 'kube-controller-manager',
    },
    { path: ['spec', 'scheduler'], stated: spec.scheduler, component: 'kube-scheduler' },
    { path: ['spec', 'kubelet'], stated: spec.kubelet, ...kubelet },
    { path: ['spec', 'kubeProxy'], stated: spec.kubeProxy, kind: 'KubeProxyConfiguration' },
    ...outline.hosts.map((host) => ({
      path: [...host.path, 'kubelet'],
      stated: ofHost(host.draft),
      ...kubelet,
    })),
  ];
}

function ofHost(host: {
  readonly name?: string | undefined;
  readonly kubelet?: Passed | undefined;
}): Passed | undefined {
  return host.kubelet;
}

/** 36 of `v1.36.2` */
function minorOf(version: string | undefined): number | undefined {
  const [, minor] = /^v1\.(\d+)\.\d+$/.exec(version ?? '') ?? [];
  return minor === undefined ? undefined : Number(minor);
}
