# A node of ccoin. Build: docker build -t ccoin . Run: docker run -v ccoin:/data -p 63261:63261 -p 127.0.0.1:63262:63262 ccoin
# CCOIN_NODEID is the node's id, 1 by default; the ports follow it (docs/operating.md). compose.yaml runs four.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

# The page that the node serves, made of sources by packages that the node does not need.
FROM node:24-bookworm-slim AS page
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY scripts/make-page.ts scripts/
COPY src src
RUN node scripts/make-page.ts

FROM node:24-bookworm-slim
ENV NODE_ENV=production CCOIN_DATADIR=/data CCOIN_NODEID=1
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY protocols protocols
COPY src src
COPY --from=page /app/build build
COPY deploy/compose-init.sh deploy/
RUN ln -s /app/src/cli/main.js /usr/local/bin/ccoin && mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 63261 63262
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${63260 + 2 * process.env.CCOIN_NODEID}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["ccoin"]
CMD ["start", "--host=0.0.0.0"]
