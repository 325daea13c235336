# One image for api, worker, migrate and the operator's commands: what runs is chosen by the command. test/e2e/deploy replays these steps.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY .swcrc ./
COPY apps apps
COPY libs libs
RUN npm run build

# Neither development packages nor the embedded PostgreSQL, which is an optional package.
FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM ${NODE_IMAGE} AS run
ENV NODE_ENV=production
WORKDIR /app
COPY package.json ./
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
# The simulator keeps its account here, audit:verify its head; nothing else writes below /app.
RUN install -d -m 1777 .data
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 4005 4006
STOPSIGNAL SIGTERM
# node itself, not npm: signals arrive, and nothing is installed or built at start.
CMD ["node", "dist/apps/api/src/main.js"]
