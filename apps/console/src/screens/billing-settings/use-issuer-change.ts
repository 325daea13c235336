import { useMutation, useQueryClient } from '@tanstack/react-query';

/** A change of the issuer, which is read again after it: also after a refusal, since that may mean that somebody else was first. */
export function useIssuerChange<Input>(change: (input: Input) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['issuer'] }) });
}
