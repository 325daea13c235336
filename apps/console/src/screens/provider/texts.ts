/** Every text about the provider account. */
export const TEXTS = {
  title: 'Provider',
  sub: 'The account that is swept, how many calls are left, and whether the provider answers.',
  none: {
    title: 'No provider token is configured',
    hint: 'Nothing is swept until DO_API_TOKEN is set; see Operations in the documentation.',
  },
  budget: 'Calls left',
  budgetSub: 'a purpose may share its token with others',
  heads: { purpose: 'Purpose', minute: 'This minute', hour: 'This hour', state: 'State', refusal: 'Last refusal' },
  of: (left: string, all: string) => `${left} of ${all}`,
  reserved: (share: number) => `${Math.round(share * 100)} % of each is reserved for orders.`,
  states: { ok: 'Answers', open: 'Breaker open', rejected: 'Token refused', blocked: 'Told to wait', recovering: 'Recovering' },
  otherToken: 'A token of another process',
  noRefusal: 'none',
  queues: 'Queues',
  queuesText: 'Jobs wake workers up. The board shows them; it has a sign-in of its own.',
  queuesLink: 'Open the board',
  freshness: 'Age of the data',
  freshnessSub: 'last complete sweep of each kind',
  never: 'never complete',
};
