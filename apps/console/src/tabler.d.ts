declare module 'tabler:*' {
  const icon: import('./parts/icon').Icon;
  export default icon;
}
