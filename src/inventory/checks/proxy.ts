import { error } from '../position.ts';
import type { Check } from './check.ts';

export const proxyIsGiven: Check = ({ draft }) => {
  const proxy = draft.spec?.proxy;
  if (proxy === undefined || 'http' in proxy || 'https' in proxy) return [];
  return [{ ...error(['spec', 'proxy'], 'spec.proxy must have http, https or both'), at: 'key' }];
};
