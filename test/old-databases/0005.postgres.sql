
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.atl_connects (
    connect_id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    client_key text NOT NULL COLLATE pg_catalog."C",
    product text NOT NULL COLLATE pg_catalog."C",
    base_url text NOT NULL COLLATE pg_catalog."C",
    display_url text COLLATE pg_catalog."C",
    display_url_servicedesk_help_center text COLLATE pg_catalog."C",
    oauth_client_id text COLLATE pg_catalog."C",
    entitlement_id text COLLATE pg_catalog."C",
    entitlement_number text COLLATE pg_catalog."C",
    shared_secret text NOT NULL COLLATE pg_catalog."C",
    previous_secret text COLLATE pg_catalog."C",
    previous_secret_retired_at_ms bigint,
    secret_version bigint NOT NULL,
    last_install_iat_seconds bigint NOT NULL,
    install_tokens text NOT NULL COLLATE pg_catalog."C",
    possibly_superseded_by text COLLATE pg_catalog."C",
    created_at_ms bigint NOT NULL
);
CREATE TABLE public.atl_deliveries (
    delivery_id text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    identifier text COLLATE pg_catalog."C",
    dedupe_key text COLLATE pg_catalog."C",
    payload text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    attempts bigint NOT NULL,
    received_at_ms bigint NOT NULL,
    due_at_ms bigint NOT NULL,
    lease_until_ms bigint NOT NULL,
    settled_at_ms bigint
);
CREATE TABLE public.atl_installations (
    id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    "position" bigint NOT NULL,
    platform text NOT NULL COLLATE pg_catalog."C",
    installation_id text NOT NULL COLLATE pg_catalog."C",
    environment_id text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    enabled bigint NOT NULL,
    installed_at_ms bigint NOT NULL,
    ended_at_ms bigint,
    client_key text COLLATE pg_catalog."C",
    products text DEFAULT '[]'::text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.atl_migrations (
    name text NOT NULL COLLATE pg_catalog."C",
    executed_at_ms bigint NOT NULL
);
CREATE TABLE public.atl_names (
    name_id text NOT NULL COLLATE pg_catalog."C",
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    connect_id text COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    since_ms bigint NOT NULL,
    until_ms bigint
);
CREATE TABLE public.atl_settings (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    installation text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    expires_at_ms bigint,
    updated_at_ms bigint NOT NULL
);
CREATE TABLE public.atl_state (
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.atl_tenants (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    origin text NOT NULL COLLATE pg_catalog."C",
    cloud_id text COLLATE pg_catalog."C",
    adopted_by text COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    created_at_ms bigint NOT NULL,
    updated_at_ms bigint NOT NULL,
    version bigint NOT NULL,
    dead_at_ms bigint
);
CREATE TABLE public.atl_tokens (
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    app_key text NOT NULL COLLATE pg_catalog."C",
    value text COLLATE pg_catalog."C",
    expires_at_ms bigint NOT NULL,
    lease_owner text COLLATE pg_catalog."C",
    lease_until_ms bigint NOT NULL
);
CREATE TABLE public.checklist_items (
    id text NOT NULL,
    tenant_id text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL,
    place text NOT NULL,
    label text NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    done integer NOT NULL,
    "position" integer NOT NULL
);
CREATE TABLE public.checklist_migrations (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.checklist_migrations_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
INSERT INTO public.atl_connects VALUES ('3034f7e7-f8af-475b-8024-562cda80ae7e', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'checklist-example', '75b9a0d8-9bf6-4efe-a042-bd4335af6ed1', 'confluence', 'http://127.0.0.1:41202/wiki', 'http://127.0.0.1:41202/wiki', NULL, NULL, NULL, NULL, 'atlenc1.test.F6SYyL24gAj7onzeAuxEJeaOrSW5WB7s8PkYABU_50iJDfgHQQeS6wElCazMTZXUeX7wBQjw4yEoL_BFAlKNU0Kf4KoHJYCrmkuDuNIhPZA_EyQmz6JSKvCss0w', NULL, NULL, 2, 1795246915, '[{"token":"a87441e4bb91c54155db404bf3ee73d8485e77bc9ce01b13993d619b8d490c3c","body":"c2ba7a75dd53b253fcfafdfb97a0f06191515e5ac0fcd43a312a83a82d139478","expSeconds":1795247845},{"token":"8cbda7018e0b34fafef6f0d35d46a17831562c294c4ac9cbfb6824ddfc56f856","body":"f93d223052df169dc99f3f40f6e1176b5ea8a5d01c8b951714a929ed8eb7c4cd","expSeconds":1795247845}]', NULL, 1795246915096);
INSERT INTO public.atl_connects VALUES ('45be7dbb-1ccc-445f-9424-43a704649f0d', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', 'client-45be7dbb-1ccc-445f-9424-43a704649f0d', 'jira', 'https://45be7dbb-1ccc-445f-9424-43a704649f0d.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.hd47D9C8ep9RxqwvykfBlAlxoMqwoZQ8EHmb2d3wvJBCXM9kBwDlh_G2p1J6vM35uYmaxbkJmkTsgAjvrxQs4QNm-duCsYsRfks', 'atlenc1.test.3O2fIwpASL8KYSSwEj5YKGyzoMOEthCTrR-Q7baFX4aIxwP1oMEsguVF5k1UytUNXk_6kZ2kzj23f94U6rNColCN0F8OJwaiXeZrVCSp4eprouc', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', 1700000002000);
INSERT INTO public.atl_connects VALUES ('247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'checklist-example', '9672a593-fb0f-418a-a353-443fd77edd14', 'jira', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', NULL, NULL, NULL, 'atlenc1.test.3RdT5yGHWMNkvyKGIXDUxUIvH4XwbswpPW5fz5wiDmGpQ7pMQr7TQCeHryO1Cm_NxowPKYIRutbXjAYmQrm-u2NTIE9ly_NQ3yypzLNVpONNpCPuoHzs0I4mK00', 'atlenc1.test.eBz5iLKs0KFHVv8hZ6DrR4jdhz6dMLPUgsg70u8Ju4HwHL2lj4hukjTz75Cz25usSr-UZuNVU4Cff1VsEbmA-3th-Pr8MUdy0tTk-7xFxTvhz0SUPT6m5vWuOxA', 1795246914877, 2, 1795246914, '[{"token":"f46796dcc12bd09e9f90c59f3a7cdffe27dfb34f38e38e9c9e5285295156456c","body":"a1b04f1483f5dda8334cd862dc56a4996da2cbcc65e94457f2b6d34bf75cc029","expSeconds":1795247844},{"token":"7c7c5252529a935f652173fab5fbb9d02db005a4c21d859f28ad4117944bb6e1","body":"72aba43a7293c0cc8a3184edd93a2901e03d23747529b5b485a9622871da0a04","expSeconds":1795247844}]', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 1795246914814);
INSERT INTO public.atl_connects VALUES ('2c6b2dc5-bba0-4bff-bd35-b7c75744c314', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'checklist-example', '3e7969cd-7389-4a23-9f45-778dff254025', 'jira', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', 'http://127.0.0.1:41201', NULL, NULL, NULL, 'atlenc1.test.E4otMdBpjmYMGrrJC6dPdDpyjUFpls21ybc-Ge92O0-Qdvhon56j7TSJIWyIk2rlyfC0m6Lc430GZ7xPRzlrekh990jeJUbQ8byuoZEnwyOv4q_EHZVvMn5sst8', NULL, NULL, 1, 1795246915, '[{"token":"bbdbae585b92ebf1ba27bec504896470a3bb311faf84b75ffce31e1fdd6e0831","body":"00007e4d8b97300f835f8b1f300548c02e7ccd0801489c6dda697c91b2564cfe","expSeconds":1795247845}]', NULL, 1795246915069);
INSERT INTO public.atl_connects VALUES ('7d83a128-5244-4c6c-a581-9ad96b86d786', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'checklist-example', '59795b9c-be94-47c4-86e9-02e5718cddd6', 'confluence', 'http://127.0.0.1:41202/wiki', 'http://127.0.0.1:41202/wiki', NULL, NULL, NULL, NULL, 'atlenc1.test.jNstJbNR8xcDbVTK0Hu4IETuhs6Mjg_l0BK1kyoTQK_eylLPdt4u9LyAWu57wwU5Pnzngx_r2pIc2RGJnv9UszDb3VgBsQtKEUDw1HtU0Z7X6X7FFMaydHQVV58', NULL, NULL, 1, 1795246914, '[{"token":"fc446c38da1cdc918103f5a8bf7461b337a60d610dedc94e2c52e986b8ea3c22","body":"51946ffd6fb022c80240799e68ab99850f9cedf94e4c55fcca686067bb4acd73","expSeconds":1795247844}]', '3034f7e7-f8af-475b-8024-562cda80ae7e', 1795246914840);
INSERT INTO public.atl_connects VALUES ('8d666487-cb33-4446-b5c2-c0cb5e9475a2', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'checklist-example', 'a&b#%''; drop table x; --
🦀', 'confluence', 'https://8d666487-cb33-4446-b5c2-c0cb5e9475a2.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.qRnr49lIrBhQ-AvjJn1uyv09bWwcqpBGCDOKEOVLYm3dfl3C4Fks-nMqXOVDe84jOFiITSa4j-ifSNtODSovN5_FmNseI6gtPvw', 'atlenc1.test.9hlpn59-cBBZF-AHLVVIZVwxMXyfWsdhSiZUvZl2ZcoHe6qg8d-FUhI8PackWlesr83FIS6nJ6Fq3kFPlbN7OW71Oujoi4P5ucSheuRWWc7LDYc', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', 1700000002000);
INSERT INTO public.atl_connects VALUES ('2892eccf-4559-4802-ac87-a040c0c7fdda', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'checklist-example', 'client-2892eccf-4559-4802-ac87-a040c0c7fdda', 'jira', 'https://2892eccf-4559-4802-ac87-a040c0c7fdda.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.GNp1DHX9EYGbLKU7GyEINaj-zlFZ_0RFZOAnYyd4RSj2a1UIPAk9TdPWru-O29RG1UfZKnY-zAmPoBRKh_V44luIDT1QLwy21b7j495n53gGqGJyDuit2puidhRYPERn3aUE_2d13ofUApjnsOOO0oL8bvrO_QUlxI6FBv0dDe5t-PoowyF8VzZ2E717kJwx1eQpJMsCE-ldr4-84favTYMUR9OSDE6DTL8WuhK58Gz3xj-YgpjyiGutwTZq5mide6PtRsOAQzJ0t5B-yXmf-al4jF7hf1mJIobrI_Cvnq7cD-sfc5tAChkwvRzQQCTigsXDT87RWG-x3qiDcdnq3Lw6n6dQnklIka_AlUoKbN-OY-fBpDSB-TCdNoATMjHC8Z7aFlIJXnrvBuYDzdeRhpL9MYzyHGp9bUGgoLyr_FPEGJCIKi1ky2j-4VD5YcKTCQr_4SReiQ501Dy6l1wIdurEeGDQhxNUhX6VVAvGJRpknmtW8rm0LlLxMG9Ddl4EVVVDN7vMEgJMCh0_J7_JFhmsAyzO_em9jV15alNmSHf7ML9biDm7ar4GZujYZvR2GOmCxznp8VGhk1DtMMWKACQwJEG_lvEaRsedz9pFL65z0UwymfqFCYY5HlCi1vmjOOJ7dr8RiwKF-ICgDobUDTkgg9wq0DiWoiUAOzVbIA2ksHSJXQKD-mq4WE2utDw4', NULL, 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', 1700000002000);
INSERT INTO public.atl_connects VALUES ('0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', '0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 'checklist-example', 'client-0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 'jira', 'https://0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9.atlassian.net', NULL, 'https://help.example.com', NULL, 'entitlement', 'E-123-456', 'atlenc1.test._16njkV1xAPHXxtwMgh2gZT-SwNi3dmbCfcYhkv8ttBzad2wnWvvUkcnglnz1BhGED-CNb4lZxRtLH5c03sJ4JEPxhrWomUlaeo', 'atlenc1.test.Z-y4QV8neqXVMtdlQJnAR_-h4WKXlRGUg19SAW0dr1xb-qLRirZUx2-kK7BnYinriG4yZITgN1tW_GwOQh0tdhU5z8ltr3rJHpFjcCKc2xxtI1M', 1700000001000, 2, 1700000000, '[]', NULL, 1700000002000);
INSERT INTO public.atl_connects VALUES ('db4df663-9fc4-47f3-a389-317caeb2540f', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'checklist-example', 'client-db4df663-9fc4-47f3-a389-317caeb2540f', 'jira', 'https://db4df663-9fc4-47f3-a389-317caeb2540f.atlassian.net', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.vBzAzEB1_BoH6rMHOBORZwOqQyK_Vt4Pe6J6lb9eMC5QQumfa0q-YMwE0q89M0BIqfzkAMV85gOZnHs6TYd6CtkD-XbuV31DxFo', 'atlenc1.test.p8RIMBWyesCgI2iS3qjzjG0KK5peZvjb6h0WYA8rmG2dMKpN5bPyoNsq5-oh5_IzpVzSGDOzdc8EKcVTdWd5u4glwISTJOqNvpLSKz2bR-z7gns', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', 1700000002000);
INSERT INTO public.atl_connects VALUES ('second', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', 'second-key', 'confluence', 'https://45be7dbb-1ccc-445f-9424-43a704649f0d.atlassian.net/wiki', 'https://jira.example.com', 'https://help.example.com', 'oauth-client', 'entitlement', 'E-123-456', 'atlenc1.test.XaddbUV-ErVnHASZ-QRgKqJAbbZE-OZic7YE0p5Jyyma2udfPtmSKyo', 'atlenc1.test.PIcPy9VANeYXxX-9qZD9TcWCo41VoRAEHpPIpXdQJIEbnMZnkIXt7TyFW9mkYnhySh3nE3JiCwer0qzrTEivzTl3LYsLY6UH8dJfPnWWre4rg40', 1700000001000, 2, 1700000000, '[{"token":"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0","body":"3472ac77a92df183fbc3a2b03ad1690a59d59a16dedf1a5edbfc4af4733417ec","expSeconds":1700000180}]', 'another-tenant', 1700000002000);
INSERT INTO public.atl_deliveries VALUES ('delivery-claimed', 'checklist-example', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'webhook', 'jira:issue_updated', 'claimed', 'claimed', '{"of":"claimed"}', 'pending', 1, 1700000000000, 1, 1795246916187, NULL);
INSERT INTO public.atl_deliveries VALUES ('a7b72d4e-74c1-4283-a6a2-f7b8baf10dd0', 'checklist-example', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795246914815, 1795246914815, 1795246954824, 1795246914829);
INSERT INTO public.atl_deliveries VALUES ('8c20cc0b-434f-4de7-9374-8e2465245445', 'checklist-example', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'lifecycle', 'disabled', NULL, NULL, '', 'done', 1, 1795246914896, 1795246914896, 1795246954899, 1795246914902);
INSERT INTO public.atl_deliveries VALUES ('bac4e159-e980-4e4c-a821-2c28ae700acf', 'checklist-example', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795246914828, 1795246914828, 1795246954833, 1795246914837);
INSERT INTO public.atl_deliveries VALUES ('69b720a4-4e15-4196-be42-6f5024e1e156', 'checklist-example', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795246914840, 1795246914840, 1795246954844, 1795246914848);
INSERT INTO public.atl_deliveries VALUES ('f560001f-9202-47c0-a558-016c160becd6', 'checklist-example', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795246914848, 1795246914848, 1795246954851, 1795246914856);
INSERT INTO public.atl_deliveries VALUES ('b5f96a51-9d56-429a-ba98-7611d36561d4', 'checklist-example', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795246915070, 1795246915070, 1795246955078, 1795246915080);
INSERT INTO public.atl_deliveries VALUES ('8992f1db-6879-437f-9814-5c721964974e', 'checklist-example', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795246914877, 1795246914877, 1795246954880, 1795246914884);
INSERT INTO public.atl_deliveries VALUES ('547b8b3b-ff47-49de-83fe-82faadf477a6', 'checklist-example', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'webhook', 'jira:issue_updated', '27f2a7a8-2d06-4163-8a91-5edd60952f51', '27f2a7a8-2d06-4163-8a91-5edd60952f51', '', 'done', 1, 1795246914882, 1795246914882, 1795246954884, 1795246914891);
INSERT INTO public.atl_deliveries VALUES ('delivery-done', 'checklist-example', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'webhook', 'jira:issue_updated', 'done', 'done', '', 'done', 1, 1700000000000, 1, 1795246916188, 1795246915189);
INSERT INTO public.atl_deliveries VALUES ('3b5bbf5a-1d1b-4b63-95a4-807106776522', 'checklist-example', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795246915083, 1795246915083, 1795246955089, 1795246915095);
INSERT INTO public.atl_deliveries VALUES ('90f1b9bd-813f-4a8c-b7d1-db12231c2acc', 'checklist-example', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'lifecycle', 'installed', NULL, NULL, '', 'done', 1, 1795246915096, 1795246915096, 1795246955103, 1795246915106);
INSERT INTO public.atl_deliveries VALUES ('delivery-failed', 'checklist-example', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'webhook', 'jira:issue_updated', 'failed', NULL, '{"of":"failed"}', 'failed', 1, 1700000000000, 1, 1795246916189, 1795246915190);
INSERT INTO public.atl_deliveries VALUES ('d183d180-32d1-40ed-ac01-428d80798355', 'checklist-example', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'lifecycle', 'enabled', NULL, NULL, '', 'done', 1, 1795246915107, 1795246915107, 1795246955110, 1795246915115);
INSERT INTO public.atl_deliveries VALUES ('8364b562-f82c-4651-a13f-0010edbfb8ef', 'checklist-example', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'lifecycle', 'disabled', NULL, NULL, '', 'done', 1, 1795246915126, 1795246915126, 1795246955129, 1795246915134);
INSERT INTO public.atl_deliveries VALUES ('f5c16906-f7e4-4986-8955-70cfd77f6deb', 'checklist-example', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'lifecycle', 'uninstalled', NULL, NULL, '', 'done', 1, 1795246915134, 1795246915134, 1795246955138, 1795246915142);
INSERT INTO public.atl_deliveries VALUES ('delivery-waiting', 'checklist-example', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'webhook', 'jira:issue_updated', 'waiting', 'waiting', '{"of":"waiting"}', 'pending', 0, 1700000000000, 1, 0, NULL);
INSERT INTO public.atl_installations VALUES ('894a1ecc-9ba2-463c-b0aa-ede759725a63', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 0, 'connect', 'connect:247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '', 'installed', 1, 1795246914814, NULL, '9672a593-fb0f-418a-a353-443fd77edd14', '["jira"]');
INSERT INTO public.atl_installations VALUES ('fd86fb5a-7cc0-4e86-bd3a-3db840a30fd7', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 0, 'connect', 'connect:2c6b2dc5-bba0-4bff-bd35-b7c75744c314', '', 'installed', 1, 1795246915069, NULL, '3e7969cd-7389-4a23-9f45-778dff254025', '["jira"]');
INSERT INTO public.atl_installations VALUES ('769b1ac1-2a97-4875-bbe8-6312e98d21a7', '7d83a128-5244-4c6c-a581-9ad96b86d786', 0, 'connect', 'connect:7d83a128-5244-4c6c-a581-9ad96b86d786', '', 'installed', 0, 1795246914840, NULL, '59795b9c-be94-47c4-86e9-02e5718cddd6', '["confluence"]');
INSERT INTO public.atl_installations VALUES ('51d014c8-f369-4d50-bcc2-f4defe8ad54c', '3034f7e7-f8af-475b-8024-562cda80ae7e', 0, 'connect', 'connect:3034f7e7-f8af-475b-8024-562cda80ae7e', '', 'uninstalled', 0, 1795246915096, 1795246915134, '75b9a0d8-9bf6-4efe-a042-bd4335af6ed1', '["confluence"]');
INSERT INTO public.atl_installations VALUES ('c9383871-2fc5-4904-9381-289e74d1547f', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 0, 'connect', 'connect:8d666487-cb33-4446-b5c2-c0cb5e9475a2', '', 'installed', 1, 1700000000000, NULL, 'a&b#%''; drop table x; --
🦀', '["jira"]');
INSERT INTO public.atl_installations VALUES ('7bf5aad1-572c-48f9-89d5-161046ff1871', '2892eccf-4559-4802-ac87-a040c0c7fdda', 0, 'connect', 'connect:2892eccf-4559-4802-ac87-a040c0c7fdda', '', 'installed', 1, 1700000000000, NULL, 'client-2892eccf-4559-4802-ac87-a040c0c7fdda', '["jira"]');
INSERT INTO public.atl_installations VALUES ('4879a491-2da3-45e7-87e4-02f0a5fe4d7c', 'db4df663-9fc4-47f3-a389-317caeb2540f', 0, 'connect', 'connect:db4df663-9fc4-47f3-a389-317caeb2540f', '', 'installed', 1, 1700000000000, NULL, 'client-db4df663-9fc4-47f3-a389-317caeb2540f', '["jira"]');
INSERT INTO public.atl_installations VALUES ('43b04dbd-72ee-4f38-8fee-af9eb31683d5', '45be7dbb-1ccc-445f-9424-43a704649f0d', 0, 'connect', 'connect:45be7dbb-1ccc-445f-9424-43a704649f0d', '', 'installed', 1, 1700000000000, NULL, 'client-45be7dbb-1ccc-445f-9424-43a704649f0d', '["jira"]');
INSERT INTO public.atl_installations VALUES ('a8d8a887-9385-4bda-9c72-415a8e56bfb6', '45be7dbb-1ccc-445f-9424-43a704649f0d', 1, 'forge', 'ari:one', 'env', 'installed', 1, 1700000000000, NULL, NULL, '["jira"]');
INSERT INTO public.atl_installations VALUES ('528545de-f3f9-4847-867c-e248c38fc9e6', '45be7dbb-1ccc-445f-9424-43a704649f0d', 2, 'connect', 'connect:second', '', 'installed', 1, 1700000000000, NULL, 'second-key', '["confluence"]');
INSERT INTO public.atl_installations VALUES ('52c0fef0-b32e-48f5-a50f-547c441923cc', '9a8f990d-266f-497a-a853-095fc7b51079', 0, 'forge', 'ari-9a8f990d-266f-497a-a853-095fc7b51079', 'production', 'installed', 1, 1700000000000, NULL, NULL, '["jira"]');
INSERT INTO public.atl_migrations VALUES ('0001-tenants', 1795246914669);
INSERT INTO public.atl_migrations VALUES ('0002-state', 1795246914672);
INSERT INTO public.atl_migrations VALUES ('0003-settings', 1795246914680);
INSERT INTO public.atl_migrations VALUES ('0004-identity', 1795246914698);
INSERT INTO public.atl_migrations VALUES ('0005-tokens', 1795246914702);
INSERT INTO public.atl_names VALUES ('483db301-734d-41e0-8a20-935364a451cb', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'checklist-example', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'clientKey', '9672a593-fb0f-418a-a353-443fd77edd14', 1795246914814, NULL);
INSERT INTO public.atl_names VALUES ('76c3a3e1-85f3-47ea-80f2-02c1bc03a21d', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'checklist-example', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'baseUrl', 'http://127.0.0.1:41201', 1795246914814, NULL);
INSERT INTO public.atl_names VALUES ('b0797657-c8d5-47ef-9a21-9f6e375d3cef', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'checklist-example', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'displayUrl', 'http://127.0.0.1:41201', 1795246914814, NULL);
INSERT INTO public.atl_names VALUES ('a1d36b53-3124-4240-a3a8-f7a2883c900e', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'checklist-example', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'clientKey', '59795b9c-be94-47c4-86e9-02e5718cddd6', 1795246914840, NULL);
INSERT INTO public.atl_names VALUES ('24ca1f6e-d095-4009-9bf4-0b764b9c8cce', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'checklist-example', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'baseUrl', 'http://127.0.0.1:41202/wiki', 1795246914840, NULL);
INSERT INTO public.atl_names VALUES ('80209903-7a7d-4e33-9493-e9fee6143c52', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'checklist-example', '7d83a128-5244-4c6c-a581-9ad96b86d786', 'displayUrl', 'http://127.0.0.1:41202/wiki', 1795246914840, NULL);
INSERT INTO public.atl_names VALUES ('ddc53a62-38ad-42d9-9109-72571a2ab519', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'checklist-example', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'clientKey', '3e7969cd-7389-4a23-9f45-778dff254025', 1795246915069, NULL);
INSERT INTO public.atl_names VALUES ('972b700f-5b09-49fc-9780-849c4455c167', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'checklist-example', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'baseUrl', 'http://127.0.0.1:41201', 1795246915069, NULL);
INSERT INTO public.atl_names VALUES ('f8b246a5-8094-47b7-aa72-48f7cbd85462', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'checklist-example', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'displayUrl', 'http://127.0.0.1:41201', 1795246915069, NULL);
INSERT INTO public.atl_names VALUES ('8632cda1-e4f7-41be-84b7-36d078071023', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'checklist-example', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'clientKey', '75b9a0d8-9bf6-4efe-a042-bd4335af6ed1', 1795246915096, NULL);
INSERT INTO public.atl_names VALUES ('064e1612-2be6-4704-9924-4c5eb7dce620', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'checklist-example', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'baseUrl', 'http://127.0.0.1:41202/wiki', 1795246915096, NULL);
INSERT INTO public.atl_names VALUES ('cb661dc5-61cf-47ae-9c02-8512c4252bb2', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'checklist-example', '3034f7e7-f8af-475b-8024-562cda80ae7e', 'displayUrl', 'http://127.0.0.1:41202/wiki', 1795246915096, NULL);
INSERT INTO public.atl_names VALUES ('821d85ba-ee8b-427c-b705-0c63632237bf', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', NULL, 'cloudId', 'cloud-45be7dbb-1ccc-445f-9424-43a704649f0d', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('945b7064-dcc6-40aa-b6e2-098abbfe0a9a', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'clientKey', 'client-45be7dbb-1ccc-445f-9424-43a704649f0d', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('14207290-5a1c-4243-ab82-c9b54b601ed4', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'baseUrl', 'https://45be7dbb-1ccc-445f-9424-43a704649f0d.atlassian.net', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('6f677e58-5d08-44ba-89e9-371c7e690a54', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'displayUrl', 'https://jira.example.com', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('ae55049f-8805-45b7-bfc1-65ef5716421c', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'checklist-example', NULL, 'cloudId', 'cloud-8d666487-cb33-4446-b5c2-c0cb5e9475a2', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('0cb571fe-6cfb-40a1-bbaf-c6554db31b61', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'checklist-example', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'clientKey', 'a&b#%''; drop table x; --
🦀', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('a19f57b0-952b-4d34-aacc-0280da116fa4', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'checklist-example', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'baseUrl', 'https://8d666487-cb33-4446-b5c2-c0cb5e9475a2.atlassian.net', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('98195831-9e4a-4a69-b59b-23ab25b99086', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'checklist-example', '8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'displayUrl', 'https://jira.example.com', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('b6ade684-7062-409d-acf0-57d2e92a9bba', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'checklist-example', NULL, 'cloudId', 'cloud-2892eccf-4559-4802-ac87-a040c0c7fdda', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('f7704ee7-2d46-44e2-b9d7-9109b0272696', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'checklist-example', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'clientKey', 'client-2892eccf-4559-4802-ac87-a040c0c7fdda', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('a5c705ec-5f45-46a5-868e-41b869f8db18', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'checklist-example', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'baseUrl', 'https://2892eccf-4559-4802-ac87-a040c0c7fdda.atlassian.net', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('2b8abe13-bd39-40ba-879e-bb3eee0bb014', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'checklist-example', '2892eccf-4559-4802-ac87-a040c0c7fdda', 'displayUrl', 'https://jira.example.com', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('ab6d9c9b-5b53-4387-a723-d3d4faf5d3b2', '0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 'checklist-example', '0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 'clientKey', 'client-0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('06f54d0a-e4f2-422b-be42-14cdbb0df1e1', '0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 'checklist-example', '0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 'baseUrl', 'https://0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9.atlassian.net', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('6a257c44-763b-456f-8619-133929799f5a', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'checklist-example', NULL, 'cloudId', 'cloud-db4df663-9fc4-47f3-a389-317caeb2540f', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('bbf2e37c-5428-4331-8db9-769dd8ecff6c', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'checklist-example', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'clientKey', 'client-db4df663-9fc4-47f3-a389-317caeb2540f', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('91832853-a051-4d5e-af07-199674ff4263', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'checklist-example', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'baseUrl', 'https://db4df663-9fc4-47f3-a389-317caeb2540f.atlassian.net', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('cd42400b-bc02-40b1-bf0d-19fd27bd96b9', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'checklist-example', 'db4df663-9fc4-47f3-a389-317caeb2540f', 'displayUrl', 'https://jira.example.com', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('13baa49e-23f5-4538-b298-48f0fc2d6eaf', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', 'second', 'clientKey', 'second-key', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('faa60874-8cf3-4de5-900d-d463c1d92bfb', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', 'second', 'baseUrl', 'https://45be7dbb-1ccc-445f-9424-43a704649f0d.atlassian.net/wiki', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('5bd26b3d-f231-4191-8304-bcaa4cbe7acd', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', 'second', 'displayUrl', 'https://jira.example.com', 1700000002000, NULL);
INSERT INTO public.atl_names VALUES ('e6037bed-59be-47c4-bc42-ab92e8b1af37', '9a8f990d-266f-497a-a853-095fc7b51079', 'checklist-example', NULL, 'cloudId', 'cloud-of-forge', 1700000002000, NULL);
INSERT INTO public.atl_settings VALUES ('247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '', 'colour', 'checklist-example', '{"of":"tea","cups":[1,2.5,null]}', 19318031694856, NULL, 1795246915139);
INSERT INTO public.atl_settings VALUES ('247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '', 'until', 'checklist-example', '"far"', 36117879282401, 33000000000000, 1795246915141);
INSERT INTO public.atl_settings VALUES ('247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '12a1137d5c823be01833de756dbc3e6771af44ebc026e57e2de35968b0953375', 'colour', 'checklist-example', '"its own"', 45377940617858, NULL, 1795246915142);
INSERT INTO public.atl_tenants VALUES ('247cff6f-b5f3-4c72-a0c1-565dd84c4d01', 'checklist-example', '9672a593-fb0f-418a-a353-443fd77edd14', NULL, NULL, 'installed', 1795246914814, 1795246915075, 4, NULL);
INSERT INTO public.atl_tenants VALUES ('2c6b2dc5-bba0-4bff-bd35-b7c75744c314', 'checklist-example', '3e7969cd-7389-4a23-9f45-778dff254025', NULL, NULL, 'installed', 1795246915069, 1795246915083, 2, NULL);
INSERT INTO public.atl_tenants VALUES ('7d83a128-5244-4c6c-a581-9ad96b86d786', 'checklist-example', '59795b9c-be94-47c4-86e9-02e5718cddd6', NULL, NULL, 'installed', 1795246914840, 1795246915101, 4, NULL);
INSERT INTO public.atl_tenants VALUES ('3034f7e7-f8af-475b-8024-562cda80ae7e', 'checklist-example', '75b9a0d8-9bf6-4efe-a042-bd4335af6ed1', NULL, NULL, 'uninstalled', 1795246915096, 1795246915134, 4, 1795246915134);
INSERT INTO public.atl_tenants VALUES ('8d666487-cb33-4446-b5c2-c0cb5e9475a2', 'checklist-example', 'a&b#%''; drop table x; --
🦀', 'cloud-8d666487-cb33-4446-b5c2-c0cb5e9475a2', NULL, 'installed', 1700000000000, 1700000002000, 1, NULL);
INSERT INTO public.atl_tenants VALUES ('2892eccf-4559-4802-ac87-a040c0c7fdda', 'checklist-example', 'client-2892eccf-4559-4802-ac87-a040c0c7fdda', 'cloud-2892eccf-4559-4802-ac87-a040c0c7fdda', NULL, 'installed', 1700000000000, 1700000002000, 1, NULL);
INSERT INTO public.atl_tenants VALUES ('0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', 'checklist-example', 'client-0306fa6c-b611-4bc4-bc4a-c6f5d7d57db9', NULL, NULL, 'uninstalled', 1700000000000, 1700000002000, 1, 1700000002000);
INSERT INTO public.atl_tenants VALUES ('db4df663-9fc4-47f3-a389-317caeb2540f', 'checklist-example', 'client-db4df663-9fc4-47f3-a389-317caeb2540f', 'cloud-db4df663-9fc4-47f3-a389-317caeb2540f', '45be7dbb-1ccc-445f-9424-43a704649f0d', 'uninstalled', 1700000000000, 1700000002000, 1, 1700000002000);
INSERT INTO public.atl_tenants VALUES ('45be7dbb-1ccc-445f-9424-43a704649f0d', 'checklist-example', 'client-45be7dbb-1ccc-445f-9424-43a704649f0d', 'cloud-45be7dbb-1ccc-445f-9424-43a704649f0d', NULL, 'installed', 1700000000000, 1700000002000, 3, NULL);
INSERT INTO public.atl_tenants VALUES ('9a8f990d-266f-497a-a853-095fc7b51079', 'checklist-example', '9a8f990d-266f-497a-a853-095fc7b51079', 'cloud-of-forge', NULL, 'installed', 1700000000000, 1700000002000, 1, NULL);
INSERT INTO public.atl_tokens VALUES ('45be7dbb-1ccc-445f-9424-43a704649f0d', 'user', '63d25c927faec18b8ed78b9665484b7db026735a93d1ea241ebe80b037f660db', 'checklist-example', 'atlenc1.test.f3CDMugYdP4r8UeEZiDwpfTcDAQQeykS8WySMVYd5lC4aE31I8VxIX5ZebI_Eec', 33000000000000, NULL, 0);
INSERT INTO public.checklist_items VALUES ('46d5b3e3-50fc-4d5e-bdd2-013f4144ccd9', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '10002', '10000', 'TEA-2', 'Repair the kettle on the terrace', 'it’s “quoted”; -- and \ odd 🦀', 1, 1);
INSERT INTO public.checklist_items VALUES ('3970979b-89e8-4266-b7df-82b86f4529bc', '7d83a128-5244-4c6c-a581-9ad96b86d786', '131073', '65538', '', 'How we brew', 'tick', 0, 2);
INSERT INTO public.checklist_items VALUES ('8bc90cbb-5f1d-4783-890a-a1047a0ee812', '7d83a128-5244-4c6c-a581-9ad96b86d786', '131073', '65538', '', 'How we brew', 'read', 1, 1);
INSERT INTO public.checklist_items VALUES ('214aea65-df0c-498b-bef9-9d07f7a5dea6', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'warm the pot', 1, 1);
INSERT INTO public.checklist_items VALUES ('e5178a92-d26d-4ea5-8652-f43bc97f209f', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'pour', 0, 2);
INSERT INTO public.checklist_items VALUES ('edb43a36-fdd4-48c2-ab8f-aeacd640eafa', '247cff6f-b5f3-4c72-a0c1-565dd84c4d01', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'wait', 0, 3);
INSERT INTO public.checklist_items VALUES ('4c617d1a-8d7e-4ed3-8757-56e12e3ac463', '2c6b2dc5-bba0-4bff-bd35-b7c75744c314', '10001', '10000', 'TEA-1', 'Serve the first flush before noon', 'of another tenant', 1, 1);
INSERT INTO public.checklist_migrations VALUES ('0001-items', '2026-11-21T07:41:54.758Z');
INSERT INTO public.checklist_migrations VALUES ('0002-owned-by-tenant', '2026-11-21T07:41:54.764Z');
INSERT INTO public.checklist_migrations_lock VALUES ('migration_lock', 0);
ALTER TABLE ONLY public.atl_connects
    ADD CONSTRAINT atl_connects_client_key UNIQUE (app_key, client_key);
ALTER TABLE ONLY public.atl_connects
    ADD CONSTRAINT atl_connects_pkey PRIMARY KEY (connect_id);
ALTER TABLE ONLY public.atl_deliveries
    ADD CONSTRAINT atl_deliveries_identifier UNIQUE (tenant_id, kind, dedupe_key);
ALTER TABLE ONLY public.atl_deliveries
    ADD CONSTRAINT atl_deliveries_pkey PRIMARY KEY (delivery_id);
ALTER TABLE ONLY public.atl_installations
    ADD CONSTRAINT atl_installations_name UNIQUE (installation_id, environment_id);
ALTER TABLE ONLY public.atl_installations
    ADD CONSTRAINT atl_installations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.atl_migrations
    ADD CONSTRAINT atl_migrations_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.atl_names
    ADD CONSTRAINT atl_names_pkey PRIMARY KEY (name_id);
ALTER TABLE ONLY public.atl_settings
    ADD CONSTRAINT atl_settings_key PRIMARY KEY (tenant_id, installation, name);
ALTER TABLE ONLY public.atl_state
    ADD CONSTRAINT atl_state_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.atl_tenants
    ADD CONSTRAINT atl_tenants_client_key UNIQUE (app_key, origin);
ALTER TABLE ONLY public.atl_tenants
    ADD CONSTRAINT atl_tenants_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.atl_tokens
    ADD CONSTRAINT atl_tokens_key PRIMARY KEY (tenant_id, kind, name);
ALTER TABLE ONLY public.checklist_items
    ADD CONSTRAINT checklist_items_new_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checklist_migrations_lock
    ADD CONSTRAINT checklist_migrations_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.checklist_migrations
    ADD CONSTRAINT checklist_migrations_pkey PRIMARY KEY (name);
CREATE INDEX atl_connects_base_url ON public.atl_connects USING btree (app_key, base_url);
CREATE INDEX atl_connects_tenant ON public.atl_connects USING btree (tenant_id);
CREATE INDEX atl_deliveries_due ON public.atl_deliveries USING btree (app_key, state, received_at_ms);
CREATE INDEX atl_installations_tenant ON public.atl_installations USING btree (tenant_id, "position");
CREATE INDEX atl_names_tenant ON public.atl_names USING btree (tenant_id);
CREATE INDEX atl_names_value ON public.atl_names USING btree (app_key, kind, value);
CREATE INDEX atl_settings_expiry ON public.atl_settings USING btree (app_key, expires_at_ms);
CREATE INDEX atl_tenants_cloud_id ON public.atl_tenants USING btree (app_key, cloud_id);
CREATE INDEX atl_tenants_dead ON public.atl_tenants USING btree (app_key, dead_at_ms, tenant_id);
CREATE INDEX atl_tenants_status ON public.atl_tenants USING btree (app_key, status, tenant_id);
CREATE INDEX atl_tenants_walk ON public.atl_tenants USING btree (app_key, tenant_id);
CREATE INDEX atl_tokens_expiry ON public.atl_tokens USING btree (app_key, expires_at_ms);
CREATE INDEX checklist_items_subject ON public.checklist_items USING btree (tenant_id, subject);
ALTER TABLE ONLY public.atl_connects
    ADD CONSTRAINT atl_connects_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_deliveries
    ADD CONSTRAINT atl_deliveries_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_installations
    ADD CONSTRAINT atl_installations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_names
    ADD CONSTRAINT atl_names_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_settings
    ADD CONSTRAINT atl_settings_tenant FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.atl_tokens
    ADD CONSTRAINT atl_tokens_tenant FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id);
ALTER TABLE ONLY public.checklist_items
    ADD CONSTRAINT checklist_items_new_tenant_fk FOREIGN KEY (tenant_id) REFERENCES public.atl_tenants(tenant_id) ON DELETE CASCADE;
