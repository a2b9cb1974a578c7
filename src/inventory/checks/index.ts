import type { Problem } from '../position.ts';
import type { Check, CheckInput } from './check.ts';
import { addonsAreSound } from './addons.ts';
import { backupIsSound } from './backup.ts';
import { flannelIsInstalled, kubeProxyIsInstalled } from './cni.ts';
import { componentsKnowTheirSettings } from './component-config.ts';
import { dnsIsSound } from './dns.ts';
import {
  endpointExists,
  endpointFitsLoadBalancer,
  endpointIsNotOneHost,
  loadBalancerPortIsFree,
  virtualIPIsFree,
} from './endpoint.ts';
import { encryptionIsStatedOnce, encryptionKeyIsClear } from './encryption.ts';
import { authorizationIsStatedOnce, derivedFlagsAreLeftAlone, environmentIsSound } from './extra-args.ts';
import { extraVolumesAreUnique, flagPathsAreMounted, mountedFilesComeFirst } from './extra-volumes.ts';
import { filesAreSound, hooksAreSound } from './hooks.ts';
import { etcdEndpointsAreUnique, foreignEtcdStandsAlone } from './etcd.ts';
import {
  addressesAreUnique,
  addressIsGiven,
  localIsThisMachine,
  namesAreUnique,
  natAddressIsNotUsed,
  sshTargetsAreUnique,
  taintsAreUnique,
  vagrantSaysHow,
} from './hosts.ts';
import { bgpAdvertisementsFit, bgpHasBothEnds, bgpPeersAreSound, bgpPoolsAreIPv4 } from './metallb.ts';
import {
  addressesLieOutside,
  familiesAgree,
  networksAreApart,
  nodeMaskFitsFamilies,
  podNetworkHoldsNodes,
  poolsAreFree,
  serviceNetworkFits,
} from './networks.ts';
import { imageRepositoryHasImages } from './image-repository.ts';
import { ntpIsSound } from './ntp.ts';
import { ownedFieldsAreLeftAlone, servingCertificatesAreApproved } from './owned.ts';
import { kubeletFlagsAreFree } from './kubelet.ts';
import { ignoredChecksAreIgnorable } from './preflight.ts';
import { proxyIsGiven } from './proxy.ts';
import { registriesAreSound } from './registries.ts';
import { rotatedIsOwn } from './rotate.ts';
import {
  controlPlaneExists,
  etcdCountIsOdd,
  loadBalancerIsSet,
  podsCanRun,
  rolesFitTogether,
} from './roles.ts';
import { runtimesAreSound } from './runtimes.ts';
import { apiServerConfigsAreSound, encryptionIsWanted, securityFlagsFit } from './security.ts';
import { shownSecretsAreNoted } from './shown-secrets.ts';
import { spreadPortIsFree } from './spread.ts';
import { drainTimesFit, upgradeGroupsAreWorkers } from './upgrade.ts';
import { versionIsKnown } from './version.ts';

/** Every rule that involves more than one value. */
const checks: readonly Check[] = [
  versionIsKnown,
  namesAreUnique,
  addressIsGiven,
  addressesAreUnique,
  natAddressIsNotUsed,
  sshTargetsAreUnique,
  vagrantSaysHow,
  localIsThisMachine,
  taintsAreUnique,
  rolesFitTogether,
  controlPlaneExists,
  podsCanRun,
  etcdCountIsOdd,
  foreignEtcdStandsAlone,
  etcdEndpointsAreUnique,
  backupIsSound,
  loadBalancerIsSet,
  spreadPortIsFree,
  loadBalancerPortIsFree,
  virtualIPIsFree,
  endpointExists,
  endpointFitsLoadBalancer,
  endpointIsNotOneHost,
  flannelIsInstalled,
  kubeProxyIsInstalled,
  networksAreApart,
  familiesAgree,
  serviceNetworkFits,
  podNetworkHoldsNodes,
  nodeMaskFitsFamilies,
  addressesLieOutside,
  poolsAreFree,
  bgpHasBothEnds,
  bgpPoolsAreIPv4,
  bgpPeersAreSound,
  bgpAdvertisementsFit,
  ownedFieldsAreLeftAlone,
  servingCertificatesAreApproved,
  componentsKnowTheirSettings,
  derivedFlagsAreLeftAlone,
  encryptionKeyIsClear,
  encryptionIsStatedOnce,
  rotatedIsOwn,
  authorizationIsStatedOnce,
  securityFlagsFit,
  apiServerConfigsAreSound,
  encryptionIsWanted,
  environmentIsSound,
  shownSecretsAreNoted,
  extraVolumesAreUnique,
  flagPathsAreMounted,
  mountedFilesComeFirst,
  kubeletFlagsAreFree,
  imageRepositoryHasImages,
  registriesAreSound,
  runtimesAreSound,
  proxyIsGiven,
  dnsIsSound,
  ntpIsSound,
  filesAreSound,
  hooksAreSound,
  addonsAreSound,
  upgradeGroupsAreWorkers,
  drainTimesFit,
  ignoredChecksAreIgnorable,
];

export function runChecks(input: CheckInput): Problem[] {
  return checks.flatMap((check) => check(input));
}
