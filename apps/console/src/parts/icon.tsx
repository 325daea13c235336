import type { ComponentType, SVGProps } from 'react';

interface IconProps extends Omit<SVGProps<SVGSVGElement>, 'stroke'> {
  /** Width and height in px. */
  readonly size?: number;
  /** Width of the lines, in units of the 24 × 24 grid. */
  readonly stroke?: number;
}

export type Icon = ComponentType<IconProps>;

/** An icon of the given paths, as the build takes them from the set. */
export function iconOf(paths: string): Icon {
  return function Drawn({ size = 24, stroke = 2, ...rest }) {
    return (
      <svg
        viewBox="0 0 24 24"
        width={size}
        height={size}
        fill="none"
        stroke="currentColor"
        strokeWidth={stroke}
        strokeLinecap="round"
        strokeLinejoin="round"
        {...rest}
        dangerouslySetInnerHTML={{ __html: paths }}
      />
    );
  };
}
