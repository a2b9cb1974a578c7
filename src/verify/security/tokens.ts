import { randomBytes } from 'node:crypto';
import { refused, type KubeClient } from '../../kube/client.ts';
import type { Cluster } from '../../model/cluster.ts';
import { pause } from '../kube.ts';
import { getStatus, type Server } from './server.ts';
import type { Found } from './types.ts';

interface TokensInput {
  readonly cluster: Cluster;
  readonly kube: KubeClient;
  /** Of the checks alone. */
  readonly namespace: string;
}

/** What kubelets request for Pods; API servers extend exactly these (serviceaccount.WarnOnlyBoundTokenExpirationSeconds). */
const kubeletSeconds = 3607;

/** The clocks may differ. */
const slackSeconds = 300;

/** How long the token of a request for ten years is valid. */
export async function tokenLifetime(input: TokensInput): Promise<Found> {
  const asked = 315_360_000;
  const valid = await secondsOf(input, { expirationSeconds: asked });
  const most = input.cluster.security.maxTokenSeconds ?? asked;
  return {
    ok: valid <= most + slackSeconds && valid < asked / 2,
    found: `a token requested for ten years is valid for ${hours(valid)}`,
  };
}

/** How long the token of a Pod is valid: of one that no scheduler knows, so that it never runs. */
export async function tokenExtension(input: TokensInput): Promise<Found> {
  const name = 'never-runs';
  await made(input.kube, `/api/v1/namespaces/${input.namespace}/pods`, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name } },
    spec: {
      ...{ schedulerName: 'kboot-none', automountServiceAccountToken: false },
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          ...{ name: 'pod', image: 'none' },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  });
  const valid = await secondsOf(input, {
    expirationSeconds: kubeletSeconds,
    boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name },
  });
  return {
    ok: valid <= kubeletSeconds + slackSeconds,
    found: `the token of a Pod is valid for ${hours(valid)}`,
  };
}

const hours = (seconds: number): string => `${Math.round(seconds / 3600)} h`;

/** For how many seconds a new token of the namespace's ServiceAccount is valid, as the token itself says. */
async function secondsOf({ kube, namespace }: TokensInput, spec: object): Promise<number> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
  const { status } = (await made(kube, path, body)) as { readonly status?: { readonly token?: unknown } };
  const [, payload = ''] = String(status?.token).split('.');
  const { exp, iat } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
    readonly exp?: unknown;
    readonly iat?: unknown;
  };
  if (typeof exp !== 'number' || typeof iat !== 'number')
    throw new Error('the token does not say when it ends');
  return exp - iat;
}

/** Creates an object. The ServiceAccount of a namespace comes a moment after it, and Pods are forbidden until then. */
async function made(kube: KubeClient, path: string, body: object): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    const answer = await kube.request('POST', path, { body });
    if (answer.status === 201) return answer.body;
    if (attempt === 20 || (answer.status !== 404 && answer.status !== 403))
      throw refused(`creating ${path}`, answer);
    await pause(500);
  }
}

/** An API server learns of a new token through its watch. */
const learnedMs = 4_000;

/**
 * Whether an API server refuses a bootstrap token that exists. The token is in no group that may do anything, and is gone
 * after the check; should kboot be killed, it ends by itself after five minutes.
 */
export async function bootstrapToken(kube: KubeClient, server: Server): Promise<Found> {
  const [id, secret] = [randomBytes(3).toString('hex'), randomBytes(8).toString('hex')];
  const path = '/api/v1/namespaces/kube-system/secrets';
  const name = `bootstrap-token-${id}`;
  const end = new Date(Date.now() + 300_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const answer = await kube.request('POST', path, {
    body: {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'bootstrap.kubernetes.io/token' },
      metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'kboot' } },
      stringData: {
        ...{ 'token-id': id, 'token-secret': secret, expiration: end },
        'usage-bootstrap-authentication': 'true',
      },
    },
  });
  if (answer.status !== 201) throw refused('creating a bootstrap token', answer);
  try {
    for (const deadline = Date.now() + learnedMs; ;) {
      const status = await getStatus(server, '/api', { token: `${id}.${secret}` });
      if (status !== 401) return { ok: false, found: `a bootstrap token authenticates (${status})` };
      if (Date.now() > deadline) return { ok: true, found: 'a valid bootstrap token is refused' };
      await pause(500);
    }
  } finally {
    await kube.request('DELETE', `${path}/${name}`);
  }
}
