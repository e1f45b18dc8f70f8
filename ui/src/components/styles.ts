// Every style sheet that is not one component's own, in the order they must win over each other.
import "@fontsource-variable/inter";
import "@fontsource-variable/atkinson-hyperlegible-mono";
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "@mantine/spotlight/styles.css";
import "./base.css";
