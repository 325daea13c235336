export { addressProblem, isRefused } from './outbound-address';
export {
  OutboundAddressError,
  OutboundHttp,
  OutboundHttpModule,
  OutboundUnreachableError,
  type OutboundAnswer,
  type OutboundRequest,
} from './outbound-http';
